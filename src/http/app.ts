import { parse } from 'node:querystring';
import express, { type ErrorRequestHandler, type Express } from 'express';
import helmet from 'helmet';
import { isThrown } from '../domain/thrown.ts';
import { createDispatch } from '../platform/http/dispatch.ts';
import { internalProblem } from '../platform/http/internal-problem.ts';
import { problem, problemPath } from '../platform/http/problem.ts';
import type { HttpMethod, Route } from '../platform/http/route.ts';
import type { Idempotency } from '../platform/idempotency/idempotency.ts';
import type { Share } from '../platform/shares/share.ts';
import { createRequestShare, createUploadShare } from '../platform/shares/shares.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { type AuthenticationDeps, createAuthentication } from './authentication.ts';
import { docsPage } from './docs-page.ts';
import { mcpPath } from './mcp-endpoint.ts';
import type { McpOptions } from './mcp-options.ts';
import { mountMcp } from './mount-mcp.ts';
import { createOpenApiDocument } from './openapi.ts';
import { mountOperatorRoutes, type OperatorRoutesDeps } from './operator-app.ts';
import { createInstanceOf } from './problem-instance.ts';
import { problemPages } from './problem-pages.ts';
import { createRateLimits, defaultRateLimits, type RateLimitOptions } from './rate-limits.ts';
import { createBodyReader } from './read-body.ts';
import { answerTimeoutMs, contextOf, openContext } from './request-context.ts';
import { logRequests } from './request-log.ts';
import { type RoutePipelineDeps, routePipeline } from './route-pipeline.ts';
import { prepareJson, send } from './send.ts';
import { createStrangerPace, paceStrangers, type StrangerPace } from './stranger-pace.ts';

export interface AppDeps extends AuthenticationDeps, OperatorRoutesDeps {
  readonly routes: readonly Route[];
  readonly idempotency: Idempotency;
  readonly log: Logger;
  /** The version of the service, for the document. */
  readonly version: string;
  readonly rateLimits?: RateLimitOptions;
  /** Requests under way, divided among tenants. */
  readonly requests?: Share;
  /** Files under way, divided among tenants. */
  readonly uploads?: Share;
  /** The number of proxies in front whose client address is trusted; none by default. */
  readonly trustedProxies?: number;
  /** How long a client may take for each 64 KB of an answer; 20 s by default. */
  readonly answerTimeoutMs?: number;
  /** Of the MCP endpoint. */
  readonly mcp?: McpOptions;
  /** Throws for an answer that its route does not declare. For tests only. */
  readonly verifyReplies?: boolean;
}

/** The paths beside those of the routes. */
const rootPaths = ['/api/v1/openapi.json', '/docs', problemPath, '/healthz', '/readyz', '/metrics', mcpPath];

/** The HTTP app of the API: the declared routes and their document under /api/v1, the page at /docs, those that explain the codes, and the operator routes. */
export function createApp(deps: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  // Express would add an ETag and answer 304, which no route declares.
  app.disable('etag');
  app.set('trust proxy', deps.trustedProxies ?? false);
  // Node's parser ignores what comes after 1,000 parameters. The length of a URL is bounded by the server.
  app.set('query parser', (query: string | null) => parse(query ?? '', '&', '=', { maxKeys: 0 }));

  app.use(
    openContext({
      instanceOf: createInstanceOf([...rootPaths, ...deps.routes.map(({ path }) => path)]),
      timeoutMs: deps.answerTimeoutMs ?? answerTimeoutMs,
    }),
  );
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
    }),
  );
  const rateLimits = deps.rateLimits ?? defaultRateLimits;
  const pace = createStrangerPace(rateLimits.strangersPerSecond);
  const paced = paceStrangers(pace);
  mountOperatorRoutes(app, deps, pace);
  app.use('/docs', paced, docsPage());
  app.use(problemPath, paced, problemPages());
  const pipeline = createPipeline(deps, pace, rateLimits);
  app.use('/api/v1', logRequests(deps), apiRouter(deps, pipeline));
  mountMcp(app, { ...deps, options: deps.mcp ?? {} }, pipeline);
  app.use(paced, (request, response) =>
    send(request, response, problem('not_found', 'There is nothing at this path.')),
  );
  app.use(failures(deps.log));
  return app;
}

/** What every request with an API key passes through. */
function createPipeline(deps: AppDeps, pace: StrangerPace, rateLimits: RateLimitOptions): RoutePipelineDeps {
  return {
    authentication: createAuthentication(deps),
    pace,
    rateLimits: createRateLimits(rateLimits),
    requests: deps.requests ?? createRequestShare(),
    uploads: deps.uploads ?? createUploadShare(),
    readBody: createBodyReader(),
    dispatch: createDispatch({
      idempotency: deps.idempotency,
      log: deps.log,
      verifyReplies: deps.verifyReplies ?? false,
    }),
  };
}

function apiRouter(deps: AppDeps, pipeline: RoutePipelineDeps): express.Router {
  const router = express.Router({ caseSensitive: true });
  const paced = paceStrangers(pipeline.pace);
  const document = prepareJson(createOpenApiDocument(deps.routes, { version: deps.version }));
  router.use((_request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    next();
  });
  router.get('/openapi.json', paced, (_request, response) => document(response));
  for (const route of deps.routes) {
    router[route.method](route.path, routePipeline(pipeline, route));
  }
  for (const [path, methods] of methodsByPath(deps.routes)) {
    router.all(path, paced, (request, response) => {
      response.setHeader('Allow', methods.join(', '));
      return send(
        request,
        response,
        problem('method_not_allowed', `This path supports ${methods.join(', ')}.`),
      );
    });
  }
  return router;
}

function methodsByPath(routes: readonly Route[]): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, Uppercase<HttpMethod | 'head'>[]>();
  const upper: Record<HttpMethod, Uppercase<HttpMethod | 'head'>[]> = {
    get: ['GET', 'HEAD'],
    post: ['POST'],
    patch: ['PATCH'],
    delete: ['DELETE'],
  };
  for (const { path, method } of [...routes, { path: '/openapi.json', method: 'get' } as const]) {
    methods.set(path, [...(methods.get(path) ?? []), ...upper[method]]);
  }
  return methods;
}

/** Answers errors. Express recognizes an error handler by its four parameters. */
function failures(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const answer = isThrown(error, URIError)
      ? problem('malformed_request', 'The path is not validly percent-encoded.')
      : internalProblem(log, contextOf(response), error);
    if (!response.headersSent) return send(request, response, answer);
    response.destroy();
    return undefined;
  };
}
