import express, { type Express } from 'express';
import { createSharedCache } from '../platform/async/shared-cache.ts';
import { reply } from '../platform/http/route.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import { defaultRateLimits } from './rate-limits.ts';
import { type Dependency, readiness } from './readiness.ts';
import { openContext } from './request-context.ts';
import { send } from './send.ts';
import { createStrangerPace, paceStrangers, type StrangerPace } from './stranger-pace.ts';

export interface OperatorRoutesDeps {
  readonly metrics: Metrics;
  readonly dependencies: readonly Dependency[];
}

/** How old an answer may be: no probe or scraper notices, and requests within it cost nothing. */
const keepMs = 1_000;

/**
 * Puts what operators and orchestrators look at on a process's app: `/healthz`, `/readyz`, `/metrics`. They are open to everybody,
 * so all who ask at the same time share one answer.
 */
export function mountOperatorRoutes(app: Express, deps: OperatorRoutesDeps, pace: StrangerPace): void {
  const scrapes = createSharedCache<string>({
    ttlMs: keepMs,
    maxSize: 1,
    sizeOf: () => 1,
    worthKeeping: () => true,
  });
  const paced = paceStrangers(pace);
  app.get('/healthz', paced, (request, response) => send(request, response, reply(200, { status: 'ok' })));
  app.get('/readyz', paced, readiness(deps.dependencies, keepMs));
  app.get('/metrics', paced, async (_request, response) => {
    response.type(deps.metrics.contentType).send(await scrapes.get('metrics', deps.metrics.scrape));
  });
}

/** The app of a process without an API. */
export function createOperatorApp(deps: OperatorRoutesDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(openContext());
  mountOperatorRoutes(app, deps, createStrangerPace(defaultRateLimits.strangersPerSecond));
  return app;
}
