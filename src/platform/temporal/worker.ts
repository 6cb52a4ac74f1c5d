import { setTimeout as delay } from 'node:timers/promises';
import {
  type ActivityInterceptorsFactory,
  bundleWorkflowCode,
  DefaultLogger,
  GracefulShutdownPeriodExpiredError,
  NativeConnection,
  Runtime,
  TransportError,
  Worker,
  type WorkflowBundleOption,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { withTimeout } from '../async/with-timeout.ts';
import { printProblem } from '../telemetry/library-output.ts';
import type { Logger } from '../telemetry/logging.ts';
import { connectionOptions, type TemporalOptions } from './client.ts';
import { describeSdkEntry } from './sdk-log.ts';

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
  // What the bundler says is about our own source.
  const logger = new DefaultLogger('WARN', ({ message }) => printProblem(`${message}\n`));
  return bundleWorkflowCode({ workflowsPath, logger });
}

/**
 * Sends the SDK's log to our logger and starts its metrics exporter at `metricsAddress` (host:port). Call it once in a process,
 * before any other use of the SDK's worker.
 */
export function installRuntime(log: Logger, metricsAddress: string): void {
  Runtime.install({
    logger: new DefaultLogger('INFO', (entry) => {
      const { level, fields } = describeSdkEntry(entry);
      log[level](fields, entry.message);
    }),
    telemetryOptions: {
      // Otherwise the native part prints its lines itself, with all their fields.
      logging: { forward: {} },
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

/** A server that accepts the connection and then says nothing counts as unreachable. */
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

/** Connects and starts polling. Rejects when the server cannot be reached. */
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
    // Each needs a transaction or two; more at once would only wait for a connection of the pool.
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
