import type { LogEntry } from '@temporalio/worker';
import { type FailureCode, isFailureCode } from '../../domain/failures.ts';
import { readThrown } from '../../domain/thrown.ts';

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * The level and the fields of a line of the SDK's log. Only ids and numbers are taken, because the other fields may quote a thrown
 * error. A step that fails by a code of the table is the matter of a tenant or a provider, so it is no warning.
 */
export function describeSdkEntry({ level, message, meta }: LogEntry) {
  const code = codeOf(meta?.error);
  const isExpected = message === 'Activity failed' && code !== undefined && code !== 'internal';
  return {
    level: isExpected ? 'debug' : levels[level],
    fields: {
      workflow_id: meta?.workflowId,
      run_id: meta?.runId,
      workflow: meta?.workflowType,
      activity: meta?.activityType,
      attempt: meta?.attempt,
      code,
      error: meta?.error,
    },
  } as const;
}

/** The code of the failure of a step; of a workflow's failure the code of the step that caused it. */
function codeOf(error: unknown): FailureCode | undefined {
  const types = [readThrown(error, 'type'), readThrown(readThrown(error, 'cause'), 'type')];
  return types.find(isFailureCode);
}
