import { setTimeout as delay } from 'node:timers/promises';
import {
  type ActivityInterceptorsFactory,
  bundleWorkflowCode,
  DefaultLogger,
  GracefulShutdownPeriodExpiredError,
  type LogEntry,
  NativeConnection,
  Runtime,
  TransportError,
  Worker,
  type WorkflowBundleOption,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { withTimeout } from '../async/with-timeout.ts';
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
  /** Resolves when the worker has drained after `stop`, with the number of activities that it cut off; rejects when it fails. */
  readonly finished: Promise<number>;
  /** Whether it takes tasks. */
  isPolling(): boolean;
  /** Takes no further tasks, and lets the running ones end within the grace. */
  stop(): void;
}

/** What an activity that was cancelled at the end of the grace may still take. */
const cancelledActivityMs = 5_000;

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

/** A server that takes the connection and says nothing is as good as away. */
const connectMs = 10_000;

async function connectInTime(temporal: TemporalOptions): Promise<NativeConnection> {
  const connecting = NativeConnection.connect(connectionOptions(temporal));
  const connection = await withTimeout(connecting, connectMs, undefined);
  if (connection !== undefined) return connection;
  void connecting.then(
    (late) => late.close(),
    () => undefined,
  );
  throw new TransportError('no answer in time');
}

/** Connects and polls. Rejects when the server cannot be reached. */
export async function runWorker(options: WorkerOptions): Promise<RunningWorker> {
  const connection = await connectInTime(options.temporal);
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
    shutdownForceTime: options.shutdownGraceMs + cancelledActivityMs,
  });
  const finished = worker
    .run()
    .then(
      () => 0,
      (error: unknown) => {
        if (error instanceof GracefulShutdownPeriodExpiredError)
          return worker.getStatus().numInFlightActivities;
        throw error;
      },
    )
    .finally(() => connection.close());
  return {
    finished,
    isPolling: () => worker.getState() === 'RUNNING',
    stop: () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    },
  };
}

const firstPauseMs = 500;
const longestPauseMs = 10_000;

/**
 * The same while the server may be away: tries until it can be reached. Anything else than that fails it. `prepare` gives the
 * options once, as the bundle of the workflows takes a while.
 */
export function startWorker(prepare: () => Promise<WorkerOptions>, log: Logger): RunningWorker {
  const stopping = new AbortController();
  let running: RunningWorker | undefined;

  const connect = async (): Promise<RunningWorker | undefined> => {
    const options = await prepare();
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      if (stopping.signal.aborted) return undefined;
      try {
        return await runWorker(options);
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        log.warn({ error, retry_in_ms: pauseMs }, 'Temporal cannot be reached');
      }
      await delay(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };

  const run = async (): Promise<number> => {
    running = await connect();
    if (stopping.signal.aborted) running?.stop();
    return (await running?.finished) ?? 0;
  };

  return {
    finished: run(),
    isPolling: () => running?.isPolling() ?? false,
    stop() {
      stopping.abort();
      running?.stop();
    },
  };
}
