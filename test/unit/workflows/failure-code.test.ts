import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { failureCodeOf } from '../../../workflows/failure-code.ts';

const outage = ApplicationFailure.create({ type: 'provider_unavailable' });

describe('the code of an activity’s failure', () => {
  it('is that of the activity', () => {
    expect(failureCodeOf(failed(outage))).toBe('provider_unavailable');
  });

  it('is that of the last attempt when the time of all attempts is over', () => {
    expect(failureCodeOf(failed(timedOut(outage)))).toBe('provider_unavailable');
    expect(failureCodeOf(failed(timedOut(timedOut(outage))))).toBe('provider_unavailable');
  });

  it('is internal when no attempt has said anything, and for a type that is no code', () => {
    expect(failureCodeOf(failed(timedOut(undefined)))).toBe('internal');
    expect(failureCodeOf(failed(ApplicationFailure.create({ type: 'strange' })))).toBe('internal');
  });

  it('is none for a cancellation, which is thrown on', () => {
    const cancelled = failed(new CancelledFailure('cancelled'));
    expect(() => failureCodeOf(cancelled)).toThrow(cancelled);
  });
});

function failed(cause: Error): ActivityFailure {
  return new ActivityFailure('failed', 'anActivity', 'an id', 'RETRY_POLICY_NOT_SET', 'a worker', cause);
}

function timedOut(cause: Error | undefined): TimeoutFailure {
  const failure = new TimeoutFailure('too late', undefined, 'SCHEDULE_TO_CLOSE');
  return cause === undefined ? failure : Object.assign(failure, { cause });
}
