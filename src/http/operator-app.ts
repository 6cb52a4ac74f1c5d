import express, { type Express } from 'express';
import { reply } from '../platform/http/route.ts';
import type { Metrics } from '../platform/metrics.ts';
import { type Dependency, readiness } from './readiness.ts';
import { openContext } from './request-context.ts';
import { send } from './send.ts';

export interface OperatorAppDeps {
  readonly metrics: Metrics;
  readonly dependencies: readonly Dependency[];
}

/** What operators and orchestrators look at, of a process without an API: `/healthz`, `/readyz`, `/metrics`. */
export function createOperatorApp(deps: OperatorAppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(openContext());
  app.get('/healthz', (request, response) => send(request, response, reply(200, { status: 'ok' })));
  app.get('/readyz', readiness(deps.dependencies));
  app.get('/metrics', async (_request, response) => {
    response.type(deps.metrics.contentType).send(await deps.metrics.scrape());
  });
  return app;
}
