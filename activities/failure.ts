import { CompleteAsyncError } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { type Failure, failureTraits } from '../src/domain/failures.ts';
import { codeOfThrown, isThrown, readThrown } from '../src/domain/thrown.ts';

/** The shortest wait before a retry: a provider may ask for none each time, and its wait replaces the policy's growing ones. */
const shortestRetryMs = 1_000;

/**
 * Turns a failure into Temporal's: the type is the code, the message is the code's title. `attempt` counts from 1. No other
 * function creates the failures of activities.
 */
export function toApplicationFailure(failure: Failure, attempt = 1): ApplicationFailure {
  const { title, workflow } = failureTraits[failure.code];
  // After two malformed answers a third is likely, and each answer is paid for.
  const isLastTry = failure.code === 'malformed_response' && attempt > 1;
  return withoutOrigin(
    ApplicationFailure.create({
      type: failure.code,
      message: title,
      nonRetryable: workflow !== 'retries' || isLastTry,
      ...(failure.retryAfterMs === undefined
        ? {}
        : { nextRetryDelay: Math.max(failure.retryAfterMs, shortestRetryMs) }),
      // A rate limit is expected, so the SDK must not log it as an error.
      ...(failure.code === 'provider_rate_limited' ? { category: ApplicationFailureCategory.BENIGN } : {}),
    }),
  );
}

/**
 * The failure that replaces an error thrown in an activity. Temporal's own control flow is returned as it is. Any other error
 * becomes a new failure of its code, since its message, stack and causes may hold a request's body or a header. Never throws.
 */
export function sanitize(thrown: unknown, attempt: number): unknown {
  if (isThrown(thrown, CancelledFailure) || isThrown(thrown, CompleteAsyncError)) return thrown;
  const delay = isThrown(thrown, ApplicationFailure) ? readThrown(thrown, 'nextRetryDelay') : undefined;
  const retryAfterMs = typeof delay === 'number' && Number.isFinite(delay) ? { retryAfterMs: delay } : {};
  return toApplicationFailure({ code: codeOfThrown(thrown), ...retryAfterMs }, attempt);
}

/** Removes the stack: it names files of a build and may quote the thrown error, while operators read codes. */
function withoutOrigin(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = `${failure.name}: ${failure.message}`;
  return failure;
}
