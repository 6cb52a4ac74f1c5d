import './library-output.ts';

import { loadEnvironment } from '../config.ts';
import { searchAttributes } from '../domain/temporal-names.ts';
import { reconcileSchedule } from '../embedding/backlog/reconcile-schedule.ts';
import { createLogger } from '../platform/telemetry/logging.ts';
import { createTemporalClient } from '../platform/temporal/client.ts';
import { createSchedule, registerSearchAttributes } from '../platform/temporal/set-up.ts';
import { reportLibraryOutput } from './library-output.ts';
import { temporalOptions } from './temporal-options.ts';

const environment = loadEnvironment('temporal:setup');
const log = createLogger({ level: environment.LOG_LEVEL, process: 'temporal:setup' });
reportLibraryOutput(log);
const temporal = createTemporalClient(temporalOptions(environment));
const namespace = environment.TEMPORAL_NAMESPACE;

try {
  const registered = await registerSearchAttributes(temporal.client, Object.values(searchAttributes));
  const schedule = await createSchedule(temporal.client, reconcileSchedule(environment.TEMPORAL_TASK_QUEUE));
  log.info({ namespace, registered, schedule }, 'temporal is set up');
} catch (error) {
  log.error({ error, namespace, address: environment.TEMPORAL_ADDRESS }, 'temporal could not be set up');
  process.exitCode = 1;
} finally {
  await temporal.close();
}
