import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import { type FailureCode, failureTraits, isFailureCode } from '../src/domain/failures.ts';

/**
 * The code of an activity's failure. A time-out over all attempts has the failure of the last attempt as its cause; without a
 * cause the worker died, which is `internal`. A cancellation is no failure and is thrown on.
 */
export function failureCodeOf(error: unknown): FailureCode {
  if (isCancellation(error)) throw error;
  let cause = error instanceof ActivityFailure ? error.cause : error;
  while (cause instanceof TimeoutFailure) cause = cause.cause;
  return cause instanceof ApplicationFailure && isFailureCode(cause.type) ? cause.type : 'internal';
}

/** The failure of a run. Its type is the code, so that operators can search for it. */
export function failedRun(code: FailureCode): ApplicationFailure {
  const failure = ApplicationFailure.create({
    type: code,
    message: failureTraits[code].title,
    nonRetryable: true,
  });
  // The stack would name files of a build, while operators read codes.
  failure.stack = `${failure.name}: ${failure.message}`;
  return failure;
}
