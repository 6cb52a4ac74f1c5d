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
  /** Activities of this process at once: what its machine and the providers' limits can bear. */
  readonly maxActivities: number;
  /** How long running activities may take once the worker is told to stop. */
  readonly shutdownGraceMs: number;
}

export interface RunningWorker {
  /** Resolves when the worker has drained after `stop`; rejects when it fails. */
  readonly finished: Promise<void>;
  /** Takes no further tasks, and lets the running ones end within the grace. */
  stop(): void;
}

/** Bundles the workflows at start-up, for development; production reads a bundle made by the build. */
export function bundleWorkflows(workflowsPath: string): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
}

/** Fields of the SDK's log lines that are ids and numbers; the rest may quote what was thrown. */
const idsOf = ({ meta }: LogEntry) => ({
  workflow_id: meta?.workflowId,
  run_id: meta?.runId,
  workflow: meta?.workflowType,
  activity: meta?.activityType,
  attempt: meta?.attempt,
  error: meta?.error,
});

/**
 * Sends the SDK's own log through ours, and has it show its metrics at an address of this machine. Once a process, before
 * anything else of the SDK's worker side.
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
          // As Prometheus would have them named.
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
        },
      },
    },
    // Signals are the composition root's.
    shutdownSignals: [],
  });
}

/** Connects and polls. Rejects when the server cannot be reached. */
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
    // Each is a transaction or two; more at once would only queue for a connection of the pool.
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
