import express, { type Express } from 'express';
import { reply } from '../platform/http/route.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import { createInstanceOf } from './problem-instance.ts';
import { type Dependency, readiness } from './readiness.ts';
import { answerTimeoutMs, openContext } from './request-context.ts';
import { send } from './send.ts';

export interface OperatorRoutesDeps {
  readonly metrics: Metrics;
  readonly dependencies: readonly Dependency[];
}

/** Mounts the routes for operators and orchestrators: `/healthz`, `/readyz`, `/metrics`. */
export function mountOperatorRoutes(app: Express, deps: OperatorRoutesDeps): void {
  app.get('/healthz', (request, response) => send(request, response, reply(200, { status: 'ok' })));
  app.get('/readyz', readiness(deps.dependencies));
  app.get('/metrics', async (_request, response) => {
    response.type(deps.metrics.contentType).send(await deps.metrics.scrape());
  });
}

/** The HTTP app of a process without an API, such as the worker. */
export function createOperatorApp(deps: OperatorRoutesDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(openContext({ instanceOf: createInstanceOf([]), timeoutMs: answerTimeoutMs }));
  mountOperatorRoutes(app, deps);
  return app;
}
