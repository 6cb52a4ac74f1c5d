import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
import { createActivities } from '../../activities/index.ts';
import { createSanitizer } from '../../activities/sanitizer.ts';
import { loadEnvironment } from '../config.ts';
import { operations } from '../domain/operations.ts';
import { createOperatorApp } from '../http/operator-app.ts';
import { startServer } from '../http/server.ts';
import { createLogger } from '../platform/telemetry/logging.ts';
import { createMetrics } from '../platform/telemetry/metrics.ts';
import { createSdkMetrics } from '../platform/temporal/sdk-metrics.ts';
import { bundleWorkflows, installRuntime, runWorker } from '../platform/temporal/worker.ts';
import { createServices } from './services.ts';
import { onShutdown } from './shutdown.ts';
import { temporalOptions } from './temporal-options.ts';

const environment = loadEnvironment('worker');
const log = createLogger({ level: environment.LOG_LEVEL, process: 'worker' });
const sdkMetrics = await createSdkMetrics();
installRuntime(log, sdkMetrics.bindAddress);
const metrics = createMetrics(new Registry(), sdkMetrics.read);
const services = createServices(environment, log, metrics, 'lorekeep-worker');

/** The build bundles the workflows in advance; in development they are bundled from their source at the start. */
const compiled = import.meta.url.endsWith('.js');
const near = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const workflows = compiled
  ? { workflowBundle: { codePath: near('../../workflow-bundle.js') } }
  : { workflowBundle: await bundleWorkflows(near('../../workflows/index.ts')) };

const worker = await runWorker({
  temporal: temporalOptions(environment),
  taskQueue: environment.TEMPORAL_TASK_QUEUE,
  ...workflows,
  activities: createActivities(services),
  interceptors: [createSanitizer({ log })],
  maxActivities: environment.WORKER_MAX_ACTIVITIES,
  // A provider call under way is paid for, so it gets the time to end and to be stored.
  shutdownGraceMs: operations.embedding.startToCloseMs + 5_000,
});

const server = await startServer({
  app: createOperatorApp({
    metrics,
    dependencies: [
      {
        name: 'postgres',
        required: true,
        degrades: 'No article is embedded.',
        check: services.database.isReady,
      },
      {
        name: 'temporal',
        required: true,
        degrades: 'No article is embedded.',
        check: services.temporal.isReady,
      },
      {
        name: 'vault',
        required: false,
        degrades: 'Keys cannot be opened: embedding waits.',
        check: services.transit.isReady,
      },
    ],
  }),
  port: environment.METRICS_PORT,
  host: environment.HOST,
  log,
});

onShutdown(log, async () => {
  worker.stop();
  await worker.finished;
  await server.close();
  await services.close();
});

try {
  await worker.finished;
} catch (error) {
  log.fatal({ error }, 'the worker has failed');
  process.exit(1);
}
