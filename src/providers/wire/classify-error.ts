import { type Cost, costWithoutUsage } from '../../domain/cost.ts';
import type { FailureCode } from '../../domain/failures.ts';
import { classifyRefusal } from './classify-refusal.ts';
import { classifyTransport } from './classify-transport.ts';
import type { FailedAttempt } from './provider-answer.ts';

type ErrorClass = abstract new (...given: never[]) => Error;

/** The error classes that the vendors' libraries have in common. */
interface VendorErrors {
  readonly APIError: ErrorClass;
  readonly APIConnectionError: ErrorClass;
  readonly APIConnectionTimeoutError: ErrorClass;
  readonly APIUserAbortError: ErrorClass;
}

/**
 * Maps an error of a vendor's library to a code. Every value has one: only the class, the status, the headers and known
 * words of the body are read, and a value that cannot even be inspected is `internal`.
 */
export function classifyError(
  error: unknown,
  vendor: VendorErrors,
  options: {
    readonly timedOut: boolean;
    /** Whether a byte of the request was sent; by default one was. */
    readonly sent?: boolean;
    /** The whole body of the refusal, of which the library may keep a part only: `part` is what it kept. */
    readonly bodyOf: (part: unknown) => unknown;
    /** See `ProviderRefusal`. */
    readonly vendorWords?: Readonly<Record<string, FailureCode>>;
  },
): FailedAttempt {
  try {
    return classify(error, vendor, options);
  } catch {
    return { code: 'internal' };
  }
}

/** The cost of a call that ended in an error of a vendor's library, which tells no usage. */
export function costOfError(error: unknown, sent: boolean): Cost {
  try {
    const isStatus = error instanceof Error && 'status' in error && typeof error.status === 'number';
    return costWithoutUsage({ sent, status: isStatus ? Number(error.status) : undefined });
  } catch {
    return costWithoutUsage({ sent, status: undefined });
  }
}

const classify: typeof classifyError = (error, vendor, { timedOut, sent = true, bodyOf, vendorWords }) => {
  const isLate =
    error instanceof vendor.APIConnectionTimeoutError || error instanceof vendor.APIUserAbortError;
  if (timedOut || isLate) return classifyTransport(error, { timedOut: true, sent });
  // The library wraps what the bounded fetch has thrown.
  if (error instanceof vendor.APIConnectionError)
    return classifyTransport(error.cause ?? error, { timedOut, sent });
  if (error instanceof vendor.APIError && 'status' in error && typeof error.status === 'number') {
    const headers = 'headers' in error && error.headers instanceof Headers ? error.headers : new Headers();
    const body = bodyOf('error' in error ? error.error : undefined);
    return classifyRefusal({ status: error.status, body, headers, ...(vendorWords ? { vendorWords } : {}) });
  }
  // A 200 with a body that is not JSON.
  if (error instanceof SyntaxError) return { code: 'malformed_response' };
  return { code: 'internal' };
};
