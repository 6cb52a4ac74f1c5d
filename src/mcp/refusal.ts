import { guidanceOf, isFailureCode } from '../domain/failures.ts';
import type { FieldError, Problem, RequestProblemCode } from '../platform/http/problem.ts';
import type { Refusal } from './call-route.ts';

/** What an agent does about the refusal of a request. The codes of the failure table have their own next steps. */
const nextSteps: Readonly<Record<RequestProblemCode, string>> = {
  malformed_json: 'Send valid JSON.',
  malformed_request: 'Check the arguments and call again.',
  unauthorized: 'Ask a person for a valid API key: this one is missing, unknown, expired or revoked.',
  forbidden: 'Do not try again with this API key: ask a person whose key has the role to do it.',
  not_found: 'Call again with an id that exists: of an article from `search`, of a job from `ingest`.',
  method_not_allowed: 'Ask a person to update the MCP server: it does not fit the API.',
  transition_not_allowed: 'Read the article with `get_article`: its `status` does not allow this.',
  already_exists: 'Use the one that exists.',
  idempotency_key_reused: 'Use a new `idempotency_key`, or send the first request again unchanged.',
  revision_mismatch:
    'Read the article again with `get_article`, make the change to its current text, and send its `revision`.',
  body_too_large: 'Send less: a request has at most 2 MB.',
  unsupported_media_type: 'Ask a person to update the MCP server: it does not fit the API.',
  validation_failed: 'Correct the fields in `errors` and call again.',
  headers_too_large: 'Send shorter arguments.',
  rate_limited: 'Wait, then call again. Call less often.',
  busy: 'Wait some seconds, then call again.',
};

const isRequestCode = (code: string): code is RequestProblemCode => Object.hasOwn(nextSteps, code);

/** The next step of a code; every refusal has one. */
export function nextStepOf(code: string): string {
  if (isFailureCode(code)) return guidanceOf(code).next_step ?? 'Ask a person for help.';
  return isRequestCode(code) ? nextSteps[code] : 'Ask a person for help.';
}

/** A refusal, with the next step of its code and how long to wait where that is known. */
export function refusal(
  code: string,
  message: string,
  more: {
    readonly errors?: readonly FieldError[] | undefined;
    readonly retryAfter?: string | undefined;
  } = {},
): Refusal {
  const wait = more.retryAfter === undefined ? '' : ` It may succeed in ${more.retryAfter} s.`;
  return {
    kind: 'refused',
    code,
    message,
    nextStep: `${nextStepOf(code)}${wait}`,
    ...(more.errors ? { errors: more.errors } : {}),
  };
}

/** The refusal of a route's problem. */
export function refusalOfProblem({ code, detail, errors, headers }: Problem): Refusal {
  return refusal(code, detail, { errors, retryAfter: headers?.['Retry-After'] });
}
