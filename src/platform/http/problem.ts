import {
  type FailureActor,
  type FailureCode,
  failureCodes,
  failureTraits,
  guidanceOf,
  isFailureCode,
} from '../../domain/failures.ts';

/** Refusals of a request itself. Failures of a provider, a key or the custody have the codes of the failure table. */
const requestProblems = {
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  malformed_request: { status: 400, title: 'The request cannot be read' },
  unauthorized: { status: 401, title: 'The request needs a valid API key' },
  forbidden: { status: 403, title: 'The API key may not do this' },
  not_found: { status: 404, title: 'The resource does not exist' },
  method_not_allowed: { status: 405, title: 'The path does not support this method' },
  transition_not_allowed: { status: 409, title: 'The status does not allow this transition' },
  already_exists: { status: 409, title: 'The resource already exists' },
  idempotency_key_reused: { status: 409, title: 'The Idempotency-Key was used for another request' },
  revision_mismatch: { status: 412, title: 'The revision is not the current one' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The media type is not supported' },
  validation_failed: { status: 422, title: 'The request is not valid' },
  headers_too_large: { status: 431, title: 'The URL and headers are too large' },
  rate_limited: { status: 429, title: 'Too many requests' },
  busy: { status: 503, title: 'The service cannot answer now' },
} as const;

export type RequestProblemCode = keyof typeof requestProblems;
export type ProblemCode = RequestProblemCode | FailureCode;

/** Every code that a problem can have, those of requests first. */
export const problemCodes: readonly ProblemCode[] = [
  ...Object.keys(requestProblems).filter((code): code is RequestProblemCode => code in requestProblems),
  ...failureCodes,
];

/** The path below which each code has a page that explains it. */
export const problemPath = '/problems';

export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** A refusal or failure, as a problem of RFC 9457. `detail` is our own sentence, never the text of a library or a provider. */
export interface Problem {
  readonly kind: 'problem';
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Creates a problem for a route to return. */
export function problem(
  code: ProblemCode,
  detail: string,
  more: { errors?: readonly FieldError[]; headers?: Readonly<Record<string, string>> } = {},
): Problem {
  return { kind: 'problem', code, detail, ...more };
}

/** A problem with one invalid field, named as the client wrote it. */
export function invalidField(path: string, message: string): Problem {
  return problem('validation_failed', `${path}: ${message}`, { errors: [{ path, message }] });
}

/**
 * The members of a problem's document that its code decides. `type` is the path of a page of this service: its own host is not
 * known here, and RFC 9457 resolves a path against the address that was asked.
 */
export function problemMembers(code: ProblemCode): {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly who?: FailureActor | null;
  readonly next_step?: string | null;
} {
  return {
    type: `${problemPath}/${code}`,
    ...problemTraits(code),
    code,
    ...(isFailureCode(code) ? guidanceOf(code) : {}),
  };
}

/** HTTP status and title of a code. */
export function problemTraits(code: ProblemCode): { status: number; title: string } {
  if (isFailureCode(code)) {
    const { httpStatus, title } = failureTraits[code];
    return { status: httpStatus, title };
  }
  return requestProblems[code];
}
