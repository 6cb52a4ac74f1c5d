import './library-output.ts';

import { fileURLToPath } from 'node:url';
import { Registry } from 'prom-client';
import { createActivities } from '../../activities/index.ts';
import { createSanitizer } from '../../activities/sanitizer.ts';
import { loadEnvironment } from '../config.ts';
import { longestStartToCloseMs } from '../domain/operations.ts';
import { createOperatorApp } from '../http/operator-app.ts';
import { startServer } from '../http/server.ts';
import { activityTasksFor } from '../platform/shares/shares.ts';
import { createLogger } from '../platform/telemetry/logging.ts';
import { createMetrics } from '../platform/telemetry/metrics.ts';
import { createSdkMetrics } from '../platform/temporal/sdk-metrics.ts';
import { bundleWorkflows, installRuntime, startWorker } from '../platform/temporal/worker.ts';
import { reportLibraryOutput } from './library-output.ts';
import { createServices } from './services.ts';
import { onShutdown } from './shutdown.ts';
import { temporalOptions } from './temporal-options.ts';

const environment = loadEnvironment('worker');
const log = createLogger({ level: environment.LOG_LEVEL, process: 'worker' });
reportLibraryOutput(log);
const sdkMetrics = await createSdkMetrics();
installRuntime(log, sdkMetrics.bindAddress);
const metrics = createMetrics(new Registry(), sdkMetrics.read);
const services = createServices(environment, log, metrics, 'lorekeep-worker');

/** The build bundles the workflows in advance; in development they are bundled from their source at the start. */
const compiled = import.meta.url.endsWith('.js');
const near = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const workflowBundle = async () =>
  compiled
    ? { codePath: near('../../workflow-bundle.js') }
    : await bundleWorkflows(near('../../workflows/index.ts'));

let isPolling = () => false;

// Before anything else is reached: an orchestrator that asks is answered from the beginning.
const server = await startServer({
  app: createOperatorApp({
    metrics,
    recentFailures: services.recentCauses.list,
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
        check: async () => isPolling() && services.temporal.isReady(),
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

const worker = startWorker(
  async () => ({
    temporal: temporalOptions(environment),
    taskQueue: environment.TEMPORAL_TASK_QUEUE,
    workflowBundle: await workflowBundle(),
    activities: createActivities(services),
    interceptors: [createSanitizer({ log })],
    maxActivities: activityTasksFor(environment.WORKER_MAX_ACTIVITIES),
    // A provider call under way is paid for, so it gets the time to end and to be stored.
    shutdownGraceMs: longestStartToCloseMs + 5_000,
  }),
  log,
);

isPolling = worker.isPolling;

onShutdown({
  log,
  // The sum of the bounds: activities the longest of them, 5 s and 5 s more, requests for metrics 1 s, signals 8 s, connections 5 s.
  withinMs: longestStartToCloseMs + 25_000,
  async close() {
    worker.stop();
    const activities = await worker.finished;
    await server.close();
    return { activities, ...(await services.close()) };
  },
});

try {
  await worker.finished;
} catch (error) {
  log.fatal({ error }, 'the worker has failed');
  process.exit(1);
}
