import { createActivities } from '../../activities/index.ts';
import { createSanitizer } from '../../activities/sanitizer.ts';
import { createApp } from '../../src/http/app.ts';
import { collectRoutes } from '../../src/http/routes.ts';
import { startServer } from '../../src/http/server.ts';
import { temporalOptions } from '../../src/main/temporal-options.ts';
import { activityTasksFor } from '../../src/platform/shares/shares.ts';
import { runWorker } from '../../src/platform/temporal/worker.ts';
import { type Answer, readAnswer } from './answer.ts';
import { createTestServices, type TestServices } from './test-services.ts';
import { workflowBundle } from './workflow-bundle.ts';
import { installQuietRuntime } from './workflow-environment.ts';

export interface RunningService extends TestServices {
  readonly apiUrl: string;
  /** One request with an API key; `body` goes as JSON. */
  call(apiKey: string, method: string, path: string, body?: unknown): Promise<Answer>;
  /** Starts a worker of this service's task queue. */
  startWorker(): Promise<{ stop(): Promise<void> }>;
}

/** The API over real HTTP, and workers on request, composed as the processes compose them. */
export async function startService(
  overrides: Readonly<Record<string, string>> = {},
): Promise<RunningService> {
  installQuietRuntime();
  const test = await createTestServices(overrides);
  const { services, environment, log } = test;
  const server = await startServer({
    app: createApp({
      routes: collectRoutes(services),
      authenticate: services.tenants.authenticate,
      idempotency: services.idempotency,
      metrics: test.metrics,
      dependencies: [],
      recentFailures: services.recentCauses.list,
      log,
      version: 'test',
      verifyReplies: true,
    }),
    port: 0,
    log,
  });
  const apiUrl = `http://127.0.0.1:${server.port}`;
  const workers = new Set<{ stop(): Promise<void> }>();

  return {
    ...test,
    apiUrl,
    async call(apiKey, method, path, body) {
      const response = await fetch(`${apiUrl}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return readAnswer(response);
    },
    async startWorker() {
      const running = await runWorker({
        temporal: temporalOptions(environment),
        taskQueue: environment.TEMPORAL_TASK_QUEUE,
        workflowBundle: await workflowBundle(),
        activities: createActivities(services),
        interceptors: [createSanitizer({ log })],
        maxActivities: activityTasksFor(environment.WORKER_MAX_ACTIVITIES),
        shutdownGraceMs: 5_000,
      });
      const worker = {
        async stop() {
          if (!workers.delete(worker)) return;
          running.stop();
          await running.finished;
        },
      };
      workers.add(worker);
      return worker;
    },
    async close() {
      for (const worker of [...workers]) await worker.stop();
      await server.close();
      await test.close();
    },
  };
}

/** Asks again until `found` gives something; fails after `withinMs`. */
export async function eventually<T>(found: () => Promise<T | undefined>, withinMs = 60_000): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    const value = await found();
    if (value !== undefined) return value;
    if (Date.now() > until) throw new Error(`it has not come about within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
