import { type Cost, costWithoutUsage } from '../../domain/cost.ts';
import type { FailureCode } from '../../domain/failures.ts';
import type { TransportCause } from '../../domain/transport-cause.ts';
import { isAddressForbidden } from '../../platform/net/address-forbidden.ts';
import { transportCauseOf } from '../../platform/net/transport-cause.ts';
import { UnusableAnswer } from './bounded-fetch.ts';
import { classifyRefusal, type Refusal } from './classify-refusal.ts';
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
    const { code, ...rest } = classify(error, vendor, options);
    const cause = causeOf(code, error, vendor, options);
    return { code, ...rest, ...(cause === undefined ? {} : { cause }) };
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

type Classify = (...given: Parameters<typeof classifyError>) => Refusal;

const classify: Classify = (error, vendor, { timedOut, bodyOf, vendorWords }) => {
  if (timedOut || error instanceof vendor.APIConnectionTimeoutError) return { code: 'provider_timeout' };
  if (error instanceof vendor.APIUserAbortError) return { code: 'provider_timeout' };
  if (error instanceof vendor.APIConnectionError) {
    if (isAddressForbidden(error)) return { code: 'address_forbidden' };
    return { code: error.cause instanceof UnusableAnswer ? 'malformed_response' : 'provider_unavailable' };
  }
  if (error instanceof vendor.APIError && 'status' in error && typeof error.status === 'number') {
    const headers = 'headers' in error && error.headers instanceof Headers ? error.headers : new Headers();
    const body = bodyOf('error' in error ? error.error : undefined);
    return classifyRefusal({ status: error.status, body, headers, ...(vendorWords ? { vendorWords } : {}) });
  }
  // A 200 with a body that is not JSON.
  if (error instanceof SyntaxError) return { code: 'malformed_response' };
  return { code: 'internal' };
};

/** The cause of a failure without an answer. A time-out has one only where no connection came about within it. */
function causeOf(
  code: FailureCode,
  error: unknown,
  vendor: VendorErrors,
  { sent = true }: { readonly sent?: boolean },
): TransportCause | undefined {
  if (code === 'provider_timeout') return sent ? undefined : 'connect_timeout';
  return code === 'provider_unavailable' && error instanceof vendor.APIConnectionError
    ? transportCauseOf(error)
    : undefined;
}
