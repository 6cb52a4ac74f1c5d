import { CompleteAsyncError } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { type Failure, failureTraits } from '../src/domain/failures.ts';
import { codeOfThrown, isThrown, readThrown } from '../src/domain/thrown.ts';

/** A provider may ask for no wait at all, again and again, and its word goes before the policy's growing waits. */
const shortestRetryMs = 1_000;

/**
 * The one place that turns a failure into Temporal's: the type is the code, the message the code's own title. `attempt`
 * counts from one.
 */
export function toApplicationFailure(failure: Failure, attempt = 1): ApplicationFailure {
  const { title, workflow } = failureTraits[failure.code];
  // A provider that answers nonsense twice will do so a third time, and each answer is paid for.
  const isLastTry = failure.code === 'malformed_response' && attempt > 1;
  return withoutOrigin(
    ApplicationFailure.create({
      type: failure.code,
      message: title,
      nonRetryable: workflow !== 'retries' || isLastTry,
      ...(failure.retryAfterMs === undefined
        ? {}
        : { nextRetryDelay: Math.max(failure.retryAfterMs, shortestRetryMs) }),
      // A wait that somebody asked for is no incident.
      ...(failure.code === 'provider_rate_limited' ? { category: ApplicationFailureCategory.BENIGN } : {}),
    }),
  );
}

/**
 * What leaves an activity in place of what was thrown in it. Temporal's own control flow passes; anything else becomes a
 * new failure of its code, since its message, stack and causes may hold a request's body or a header. Total.
 */
export function sanitize(thrown: unknown, attempt: number): unknown {
  if (isThrown(thrown, CancelledFailure) || isThrown(thrown, CompleteAsyncError)) return thrown;
  const delay = readThrown(thrown, 'nextRetryDelay');
  const retryAfterMs = typeof delay === 'number' ? { retryAfterMs: delay } : {};
  return toApplicationFailure({ code: codeOfThrown(thrown), ...retryAfterMs }, attempt);
}

/** Stacks name files and lines of a build, and could quote what was thrown: operators read codes. */
function withoutOrigin(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = `${failure.name}: ${failure.message}`;
  return failure;
}
