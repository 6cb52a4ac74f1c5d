import type { LogEntry } from '@temporalio/worker';
import { type FailureCode, failureCodes, failureTraits, isFailureCode } from '../../domain/failures.ts';
import { readThrown } from '../../domain/thrown.ts';

/** Of what fails by a code of the table. */
const expectedLevels = new Map<string, 'debug' | 'info'>([
  ['Activity failed', 'debug'],
  ['Workflow failed', 'info'],
]);

/** The states that a worker is in, one after the other, in the SDK's words. */
const workerStates = [
  'INITIALIZED',
  'RUNNING',
  'STOPPING',
  'DRAINING',
  'DRAINED',
  'STOPPED',
  'FAILED',
] as const;

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * The level and the fields of a line of the SDK's log. Only ids and numbers are taken, because the other fields may quote a thrown
 * error. A step or a run that fails by a code of the table is the matter of a tenant, an author or a provider, so it is no
 * warning; of a run, which is over, there is a line all the same.
 */
export function describeSdkEntry({ level, message, meta }: LogEntry) {
  const code = codeOf(meta?.error);
  const isExpected = code !== undefined && code !== 'internal';
  const expected = isExpected ? expectedLevels.get(message) : undefined;
  return {
    level: expected ?? levels[level],
    fields: {
      workflow_id: meta?.workflowId,
      run_id: meta?.runId,
      workflow: meta?.workflowType,
      activity: meta?.activityType,
      attempt: meta?.attempt,
      state: workerStates.find((state) => state === meta?.state),
      code,
      error: meta?.error,
    },
  } as const;
}

/**
 * The code of the failure of a step; of a workflow's failure the code of the step that caused it. A workflow runs in a thread, from
 * which an error comes with its message alone: that of a failed run is the title of its code.
 */
function codeOf(error: unknown): FailureCode | undefined {
  const types = [readThrown(error, 'type'), readThrown(readThrown(error, 'cause'), 'type')];
  const message = readThrown(error, 'message');
  return types.find(isFailureCode) ?? failureCodes.find((code) => failureTraits[code].title === message);
}
