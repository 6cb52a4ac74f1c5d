import { CompleteAsyncError } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { type Failure, failureTraits, isFailureCode } from '../src/domain/failures.ts';

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
      ...(failure.retryAfterMs === undefined ? {} : { nextRetryDelay: failure.retryAfterMs }),
      // A wait that somebody asked for is no incident.
      ...(failure.code === 'provider_rate_limited' ? { category: ApplicationFailureCategory.BENIGN } : {}),
    }),
  );
}

/**
 * What leaves an activity in place of what was thrown in it. Ours passes; Temporal's own control flow passes; anything
 * else becomes `internal`, since its message, stack and causes may hold a request's body or a header.
 */
export function sanitize(thrown: unknown, attempt: number): unknown {
  if (thrown instanceof CancelledFailure || thrown instanceof CompleteAsyncError) return thrown;
  if (thrown instanceof ApplicationFailure && isFailureCode(thrown.type) && thrown.cause === undefined) {
    const retryAfterMs =
      typeof thrown.nextRetryDelay === 'number' ? { retryAfterMs: thrown.nextRetryDelay } : {};
    return toApplicationFailure({ code: thrown.type, ...retryAfterMs }, attempt);
  }
  return toApplicationFailure({ code: 'internal' });
}

/** Stacks name files and lines of a build, and could quote what was thrown: operators read codes. */
function withoutOrigin(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = `${failure.name}: ${failure.message}`;
  return failure;
}
