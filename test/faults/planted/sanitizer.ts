import type { PlantedFault } from './planted-fault.ts';

const thrown = ['test/unit/domain/thrown.test.ts', 'test/unit/activities/sanitizer.test.ts'];
const walk = ['test/workflows/embed-article.test.ts'];

/** Faults in the way of an error from an activity to the history and the log. */
export const sanitizerFaults: readonly PlantedFault[] = [
  {
    file: 'activities/failure.ts',
    find: 'attempt > 1;',
    replace: 'attempt > 2;',
    why: 'a malformed answer is bought a third time',
    tests: walk,
  },
  {
    file: 'activities/failure.ts',
    find: 'codeOfThrown(thrown), ...retryAfterMs }, attempt)',
    replace: 'codeOfThrown(thrown), ...retryAfterMs })',
    why: 'the attempt is lost on the way: a malformed answer is bought for a day',
    tests: walk,
  },
  {
    file: 'activities/failure.ts',
    find: 'Math.max(failure.retryAfterMs, shortestRetryMs)',
    replace: 'failure.retryAfterMs',
    why: 'a provider that asks for no wait is called without a pause',
    tests: thrown,
  },
  {
    file: 'activities/failure.ts',
    find: "failure.code === 'provider_rate_limited' ?",
    replace: "failure.code === 'circuit_open' ?",
    why: 'an expected rate limit is logged as an error by the SDK',
    tests: thrown,
  },
  {
    file: 'activities/failure.ts',
    find: 'failure.stack = `',
    replace: 'failure.stack ??= `',
    why: 'the stack stays in the history',
    tests: thrown,
  },
  {
    file: 'activities/failure.ts',
    find: 'if (isThrown(thrown, CancelledFailure) || isThrown(thrown, CompleteAsyncError))',
    replace: 'if (isThrown(thrown, CancelledFailure))',
    why: 'an activity that completes later fails',
    tests: thrown,
  },
  {
    file: 'activities/failure.ts',
    find: 'if (isThrown(thrown, CancelledFailure) || isThrown(thrown, CompleteAsyncError))',
    replace: 'if (isThrown(thrown, CompleteAsyncError))',
    why: 'a cancelled activity fails as internal',
    tests: thrown,
  },
  {
    file: 'activities/failure.ts',
    find: 'Number.isFinite(delay) ? { retryAfterMs: delay } : {}',
    replace: 'Number.isFinite(delay) ? {} : {}',
    why: 'Retry-After is lost between the activity and Temporal',
    tests: thrown,
  },
  {
    file: 'activities/sanitizer.ts',
    find: "code === 'internal' ? 'warn' : 'debug'",
    replace: "code === 'internal' ? 'debug' : 'debug'",
    why: 'a bug in an activity is in no log',
    tests: thrown,
  },
  {
    file: 'activities/sanitizer.ts',
    find: 'throw failure;',
    replace: "throw codeOfThrown(thrown) === 'internal' ? thrown : failure;",
    why: 'an unexpected error reaches the history as it is',
    tests: thrown,
  },
  {
    file: 'workflows/failure-code.ts',
    find: '  while (cause instanceof TimeoutFailure) cause = cause.cause;\n',
    replace: '',
    why: 'an outage of a day ends as internal',
    tests: ['test/unit/workflows/failure-code.test.ts'],
  },
];
