import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import { loadEnvironment } from '../config.ts';
import { reconcileScheduleId, searchAttributes, workflowTypes } from '../domain/temporal-names.ts';
import { createLogger } from '../platform/telemetry/logging.ts';
import { createTemporalClient } from '../platform/temporal/client.ts';
import { temporalOptions } from './temporal-options.ts';

const keyword = 2; // temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD

const environment = loadEnvironment('temporal:setup');
const log = createLogger({ level: environment.LOG_LEVEL, process: 'temporal:setup' });
const temporal = createTemporalClient(temporalOptions(environment));
const { client } = temporal;
const { namespace } = client.options;

/** Registers the search attributes that are not there yet. */
async function registerSearchAttributes(): Promise<readonly string[]> {
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(searchAttributes).filter((name) => !(name in customAttributes));
  if (missing.length > 0) {
    await client.connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])),
    });
  }
  return missing;
}

/** Creates the schedule of Reconcile, or leaves the one that is there as the operator has set it. */
async function createReconcileSchedule(): Promise<boolean> {
  try {
    await client.schedule.create({
      scheduleId: reconcileScheduleId,
      // What the outbox missed is found within this; it is also how long an article written while Temporal was down waits.
      spec: { intervals: [{ every: '15 seconds' }] },
      policies: {
        // A slow run is not joined by another, and what was missed while the server was down is made up for by one run.
        overlap: ScheduleOverlapPolicy.SKIP,
        catchupWindow: '1 minute',
      },
      action: {
        type: 'startWorkflow',
        workflowType: workflowTypes.reconcile,
        workflowId: reconcileScheduleId,
        args: [],
        taskQueue: environment.TEMPORAL_TASK_QUEUE,
        workflowExecutionTimeout: '15 minutes',
      },
    });
    return true;
  } catch (error) {
    if (error instanceof ScheduleAlreadyRunning) return false;
    throw error;
  }
}

try {
  const registered = await registerSearchAttributes();
  const created = await createReconcileSchedule();
  log.info({ namespace, registered, schedule: created ? 'created' : 'there already' }, 'temporal is set up');
} catch (error) {
  log.error({ error, namespace, address: environment.TEMPORAL_ADDRESS }, 'temporal could not be set up');
  process.exitCode = 1;
} finally {
  await temporal.close();
}
