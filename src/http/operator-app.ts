import express, { type Express } from 'express';
import { createSharedCache } from '../platform/async/shared-cache.ts';
import { reply } from '../platform/http/route.ts';
import type { Metrics } from '../platform/telemetry/metrics.ts';
import type { RecentFailure } from '../providers/status/recent-causes.ts';
import { createInstanceOf } from './problem-instance.ts';
import { defaultRateLimits } from './rate-limits.ts';
import { type Dependency, readiness } from './readiness.ts';
import { answerTimeoutMs, openContext } from './request-context.ts';
import { send } from './send.ts';
import { createStrangerPace, paceStrangers, type StrangerPace } from './stranger-pace.ts';

export interface OperatorRoutesDeps {
  readonly metrics: Metrics;
  readonly dependencies: readonly Dependency[];
  /** How connections to providers have failed lately. */
  readonly recentFailures?: () => readonly RecentFailure[];
}

/** The age that an answer may have: no probe or scraper notices, and requests within it cost nothing. */
const keepMs = 1_000;

/**
 * Mounts the routes for operators and orchestrators: `/healthz`, `/readyz`, `/metrics`. They need no key, so concurrent requests
 * share one answer.
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
  app.get('/readyz', paced, readiness(deps.dependencies, deps.recentFailures ?? (() => []), keepMs));
  app.get('/metrics', paced, async (_request, response) => {
    response.type(deps.metrics.contentType).send(await scrapes.get('metrics', deps.metrics.scrape));
  });
}

/** The HTTP app of a process without an API, such as the worker. */
export function createOperatorApp(deps: OperatorRoutesDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(openContext({ instanceOf: createInstanceOf([]), timeoutMs: answerTimeoutMs }));
  mountOperatorRoutes(app, deps, createStrangerPace(defaultRateLimits.strangersPerSecond));
  return app;
}
