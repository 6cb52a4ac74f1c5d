import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import type { LogEntry } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { failureCodes } from '../../../src/domain/failures.ts';
import { describeSdkEntry } from '../../../src/platform/temporal/sdk-log.ts';
import { failedRun } from '../../../workflows/failure-code.ts';

describe("a line of the SDK's log", () => {
  it.each(failureCodes)(
    'about a step that failed with %s has the code, and is a warning for internal only',
    (code) => {
      const { level, fields } = describeSdkEntry(entryOf('Activity failed', failureOf(code)));
      expect(level).toBe(code === 'internal' ? 'warn' : 'debug');
      expect(fields).toMatchObject({ code, workflow_id: 'w-1' });
    },
  );

  it('about a step that failed otherwise is a warning', () => {
    const { level, fields } = describeSdkEntry(entryOf('Activity failed', new Error('lost')));
    expect([level, fields.code]).toEqual(['warn', undefined]);
  });

  it.each(failureCodes)(
    'about a run that failed with %s has the code, of which its thread lets the title alone through',
    (code) => {
      const crossed = structuredClone(failedRun(code));
      const { level, fields } = describeSdkEntry(entryOf('Workflow failed', crossed));
      expect([level, fields.code]).toEqual([code === 'internal' ? 'warn' : 'info', code]);
    },
  );

  it('about a run that failed otherwise is a warning without a code', () => {
    const { level, fields } = describeSdkEntry(entryOf('Workflow failed', new Error('lost')));
    expect([level, fields.code]).toEqual(['warn', undefined]);
  });

  it('about a workflow that failed has the code of its step', () => {
    const failure = Object.assign(new ActivityFailure('failed', 'buy', '1', 'NON_RETRYABLE_FAILURE', 'w'), {
      cause: failureOf('credential_rejected'),
    });
    const { level, fields } = describeSdkEntry(entryOf('Workflow failed', failure));
    expect([level, fields.code]).toEqual(['info', 'credential_rejected']);
  });

  it('about another state of the worker has the state, if it is one of those that the SDK knows', () => {
    const stateOf = (state: unknown) =>
      describeSdkEntry(entryOf('Worker state changed', undefined, { state })).fields.state;
    expect([stateOf('DRAINING'), stateOf('a text')]).toEqual(['DRAINING', undefined]);
  });

  it('holds ids and numbers, and no other field', () => {
    const { fields } = describeSdkEntry(
      entryOf('Activity failed', failureOf('internal'), { input: 'a text' }),
    );
    expect(JSON.stringify(fields)).not.toContain('a text');
  });
});

const failureOf = (type: string) => ApplicationFailure.create({ type, message: 'failed' });

const entryOf = (message: string, error: unknown, more: object = {}): LogEntry => ({
  ...{ level: 'WARN', message, timestampNanos: 0n },
  meta: { workflowId: 'w-1', error, ...more },
});
