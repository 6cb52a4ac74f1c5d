import { CompleteAsyncError } from '@temporalio/activity';
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common';
import { type Failure, failureTraits, isFailureCode } from '../src/domain/failures.ts';

/** The one place that turns a failure into Temporal's: the type is the code, the message the code's own title. */
export function toApplicationFailure(failure: Failure): ApplicationFailure {
  const { title, workflow } = failureTraits[failure.code];
  return withoutOrigin(
    ApplicationFailure.create({
      type: failure.code,
      message: title,
      nonRetryable: workflow !== 'retries',
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
export function sanitize(thrown: unknown): unknown {
  if (thrown instanceof CancelledFailure || thrown instanceof CompleteAsyncError) return thrown;
  if (thrown instanceof ApplicationFailure && isFailureCode(thrown.type) && thrown.cause === undefined) {
    return toApplicationFailure({
      code: thrown.type,
      ...(typeof thrown.nextRetryDelay === 'number' ? { retryAfterMs: thrown.nextRetryDelay } : {}),
    });
  }
  return toApplicationFailure({ code: 'internal' });
}

/** Stacks name files and lines of a build, and could quote what was thrown: operators read codes. */
function withoutOrigin(failure: ApplicationFailure): ApplicationFailure {
  failure.stack = `${failure.name}: ${failure.message}`;
  return failure;
}
