import {
  type ActivityInterceptorsFactory,
  bundleWorkflowCode,
  DefaultLogger,
  type LogEntry,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleOption,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import type { Logger } from '../telemetry/logging.ts';
import { connectionOptions, type TemporalOptions } from './client.ts';

export interface WorkerOptions {
  readonly temporal: TemporalOptions;
  readonly taskQueue: string;
  readonly workflowBundle: WorkflowBundleOption;
  readonly activities: object;
  readonly interceptors: readonly ActivityInterceptorsFactory[];
  /** The most concurrent activities of this process, within the limits of its machine and the providers. */
  readonly maxActivities: number;
  /** How long running activities may take after `stop`, in milliseconds. */
  readonly shutdownGraceMs: number;
}

export interface RunningWorker {
  /** Resolves when the worker has drained after `stop`; rejects when it fails. */
  readonly finished: Promise<void>;
  /** Accepts no further tasks and lets the running ones end within the grace period. */
  stop(): void;
}

/** Bundles the workflows at start-up, for development; production reads the bundle of the build. */
export function bundleWorkflows(workflowsPath: string): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
}

/** The fields of the SDK's log lines that are ids and numbers. The others may quote a thrown error, so they are left out. */
const idsOf = ({ meta }: LogEntry) => ({
  workflow_id: meta?.workflowId,
  run_id: meta?.runId,
  workflow: meta?.workflowType,
  activity: meta?.activityType,
  attempt: meta?.attempt,
  error: meta?.error,
});

/**
 * Sends the SDK's log to our logger and starts its metrics exporter at `metricsAddress` (host:port). Call it once in a process,
 * before any other use of the SDK's worker.
 */
export function installRuntime(log: Logger, metricsAddress: string): void {
  const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
  Runtime.install({
    logger: new DefaultLogger('INFO', (entry) => {
      log[levels[entry.level]](idsOf(entry), entry.message);
    }),
    telemetryOptions: {
      metrics: {
        prometheus: {
          bindAddress: metricsAddress,
          // The names follow Prometheus' conventions.
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
        },
      },
    },
    // The composition root handles the signals.
    shutdownSignals: [],
  });
}

/** Connects and starts polling. Rejects when the server cannot be reached. */
export async function runWorker(options: WorkerOptions): Promise<RunningWorker> {
  const connection = await NativeConnection.connect(connectionOptions(options.temporal));
  const worker = await Worker.create({
    connection,
    namespace: options.temporal.namespace,
    taskQueue: options.taskQueue,
    workflowBundle: options.workflowBundle,
    activities: options.activities,
    interceptors: { activity: [...options.interceptors] },
    maxConcurrentActivityTaskExecutions: options.maxActivities,
    // Each needs a transaction or two; more at once would only wait for a connection of the pool.
    maxConcurrentLocalActivityExecutions: 20,
    shutdownGraceTime: options.shutdownGraceMs,
  });
  const finished = worker.run().finally(() => connection.close());
  return {
    finished,
    stop: () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    },
  };
}
