import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { type Activities, createActivities } from '../../activities/index.ts';
import { createSanitizer } from '../../activities/sanitizer.ts';
import { createApp } from '../../src/http/app.ts';
import { collectRoutes } from '../../src/http/routes.ts';
import { startServer } from '../../src/http/server.ts';
import { temporalOptions } from '../../src/main/temporal-options.ts';
import type { Route } from '../../src/platform/http/route.ts';
import { activityTasksFor } from '../../src/platform/shares/shares.ts';
import { createLogger, type Logger } from '../../src/platform/telemetry/logging.ts';
import { runWorker } from '../../src/platform/temporal/worker.ts';
import { type ProviderTwin, startProviderTwin } from '../support/provider-twin.ts';
import { createTestServices, type TestServices } from '../support/test-services.ts';
import { workflowBundle } from '../support/workflow-bundle.ts';
import { installQuietRuntime } from '../support/workflow-environment.ts';

/** What a test puts in place of the composition roots' own. */
export interface Replaced {
  readonly activities?: (real: Activities, log: Logger, test: TestServices) => Activities;
  readonly interceptor?: (sanitizer: ActivityInterceptorsFactory) => ActivityInterceptorsFactory;
  readonly routes?: (real: readonly Route[]) => readonly Route[];
}

export interface ComposedService extends TestServices {
  readonly twin: ProviderTwin;
  /** Every answer so far, as text. */
  readonly answers: readonly string[];
  /** One request with an API key; the parsed body of the answer. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
  call(apiKey: string, method: string, path: string, body?: unknown): Promise<any>;
  /** The same with a file, as a form. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever the answer holds
  upload(apiKey: string, path: string, file: SentFile): Promise<any>;
}

export interface SentFile {
  readonly fields: Readonly<Record<string, string>>;
  readonly name: string;
  readonly bytes: string | Uint8Array;
}

/** API and worker in this process, as the composition roots make them but for what the test replaces. */
export async function composeService(
  variables: Readonly<Record<string, string>>,
  replaced: Replaced,
): Promise<ComposedService> {
  installQuietRuntime();
  const twin = await startProviderTwin();
  const lines: string[] = [];
  const log = createLogger({
    level: 'trace',
    process: 'test',
    destination: { write: (line: string) => void lines.push(line) },
  });
  const test = await createTestServices({
    EMBEDDING_BASE_URL: twin.baseUrl,
    ANTHROPIC_BASE_URL: twin.anthropicBaseUrl,
    EMBEDDING_SENDS_INPUT_TYPE: 'false',
    WORKER_MAX_ACTIVITIES: '20',
    ...variables,
  });
  const { services, environment } = test;
  const routes = collectRoutes(services);
  const server = await startServer({
    app: createApp({
      routes: replaced.routes?.(routes) ?? routes,
      authenticate: services.tenants.authenticate,
      idempotency: services.idempotency,
      metrics: test.metrics,
      dependencies: [],
      log,
      version: 'test',
    }),
    port: 0,
    log,
  });
  const activities = createActivities(services);
  const sanitizer = createSanitizer({ log });
  const worker = await runWorker({
    temporal: temporalOptions(environment),
    taskQueue: environment.TEMPORAL_TASK_QUEUE,
    workflowBundle: await workflowBundle(),
    activities: replaced.activities?.(activities, log, test) ?? activities,
    interceptors: [replaced.interceptor?.(sanitizer) ?? sanitizer],
    maxActivities: activityTasksFor(environment.WORKER_MAX_ACTIVITIES),
    shutdownGraceMs: 5_000,
  });
  const answers: string[] = [];
  const send = async (path: string, request: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${server.port}/api/v1${path}`, request);
    const text = await response.text();
    answers.push(`${response.status} ${JSON.stringify([...response.headers])} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };

  return {
    ...test,
    twin,
    answers,
    get logLines() {
      return [...test.logLines, ...lines];
    },
    call: (apiKey, method, path, body) =>
      send(path, {
        method,
        headers: {
          authorization: `Bearer ${apiKey}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    upload(apiKey, path, { fields, name, bytes }) {
      const form = new FormData();
      for (const [field, value] of Object.entries(fields)) form.append(field, value);
      form.append('file', new Blob([typeof bytes === 'string' ? bytes : Uint8Array.from(bytes)]), name);
      return send(path, { method: 'POST', headers: { authorization: `Bearer ${apiKey}` }, body: form });
    },
    async close() {
      worker.stop();
      await worker.finished;
      await server.close();
      await test.close();
      await twin.close();
    },
  };
}
