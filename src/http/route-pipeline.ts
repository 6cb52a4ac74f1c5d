import type { Request, Response } from 'express';
import type { Actor } from '../domain/actor.ts';
import type { Dispatch } from '../platform/http/dispatch.ts';
import { invalidField, type Problem, problem } from '../platform/http/problem.ts';
import type { Reply, Route } from '../platform/http/route.ts';
import type { Share } from '../platform/shares/share.ts';
import { type Authenticated, refusalOf } from './authentication.ts';
import type { RateLimits } from './rate-limits.ts';
import { type BodyOfRoute, isUpload, type ReadBody } from './read-body.ts';
import { contextOf, pathOf } from './request-context.ts';
import { send } from './send.ts';
import type { StrangerPace } from './stranger-pace.ts';

export interface RoutePipelineDeps {
  readonly authentication: (request: Request) => Promise<Authenticated>;
  readonly pace: StrangerPace;
  readonly rateLimits: RateLimits;
  /** Requests under way, divided among tenants. */
  readonly requests: Pick<Share, 'acquire'>;
  /** Files under way, divided among tenants. */
  readonly uploads: Pick<Share, 'acquire'>;
  readonly readBody: (route: BodyOfRoute, request: Request, response: Response) => Promise<ReadBody>;
  readonly dispatch: Dispatch;
}

/** The Express handler of a declared route: context, authentication, rate limit, role, share, body, dispatch. */
export function routePipeline(
  deps: RoutePipelineDeps,
  route: Route,
): (request: Request, response: Response) => Promise<void> {
  return async (request, response) => {
    contextOf(response).route = route;
    await send(request, response, await admitAndAnswer(deps, route, request, response));
  };
}

/** Admission comes first: the body of a request that may not call the route is not read. */
async function admitAndAnswer(
  deps: RoutePipelineDeps,
  route: Route,
  request: Request,
  response: Response,
): Promise<Reply | Problem> {
  // Admission comes first, so that the body of a refused request is not read.
  const admitted = await admit(deps, route, request, response);
  if (admitted.kind === 'problem') return admitted;
  const { actor } = admitted;
  const release = await deps.requests.acquire(actor.tenantId, contextOf(response).signal);
  if (release === 'busy') return tooManyAtOnce;
  // The answer takes memory until it is read, and the work may go on after its client has gone: both are waited for.
  const closed = response.destroyed || new Promise((resolve) => response.once('close', resolve));
  const answering = isUpload(route, request)
    ? answerUpload(deps, route, actor, request, response)
    : answer(deps, route, actor, request, response);
  void Promise.allSettled([closed, answering]).then(release);
  return answering;
}

/** Answers a request with a file, which lies in memory from its first byte until the handler has ended. */
async function answerUpload(
  deps: RoutePipelineDeps,
  route: Route,
  actor: Actor,
  request: Request,
  response: Response,
): Promise<Reply | Problem> {
  const release = await deps.uploads.acquire(actor.tenantId, contextOf(response).signal);
  if (release === 'busy') return tooManyFiles;
  try {
    return await answer(deps, route, actor, request, response);
  } finally {
    release();
  }
}

const tooManyAtOnce = problem(
  'rate_limited',
  'This tenant has too many requests under way. Try again in 1 s.',
  { headers: { 'Retry-After': '1' } },
);

const tooManyFiles = problem('rate_limited', 'This tenant sends too many files at once. Try again in 5 s.', {
  headers: { 'Retry-After': '5' },
});

async function answer(
  deps: RoutePipelineDeps,
  route: Route,
  actor: Actor,
  request: Request,
  response: Response,
): Promise<Reply | Problem> {
  const body = route.body ? await deps.readBody(route, request, response) : undefined;
  if (body?.kind === 'problem') return body;

  if (route.idempotent && (request.headersDistinct['idempotency-key']?.length ?? 0) > 1) {
    return invalidField('Idempotency-Key', 'must be sent once');
  }
  const { requestId, signal } = contextOf(response);
  return deps.dispatch(route, {
    actor,
    params: request.params,
    query: { ...request.query },
    body: body?.value,
    bodyText: body?.text,
    upload: body?.upload,
    headers: headersForHandlers(request),
    requestId,
    signal,
    method: request.method,
    path: pathOf(request),
  });
}

/** The actor, if its key, rate and role allow the call; a problem otherwise. */
async function admit(
  deps: RoutePipelineDeps,
  route: Route,
  request: Request,
  response: Response,
): Promise<{ readonly kind: 'actor'; readonly actor: Actor } | Problem> {
  const authenticated = await deps.authentication(request);
  if (authenticated.kind === 'anonymous') return (await deps.pace(request)) ?? authenticated.problem;
  if (authenticated.kind === 'refused') {
    return (await deps.rateLimits.refusedKey(request.ip ?? 'unknown')) ?? authenticated.problem;
  }
  const { actor } = authenticated;
  contextOf(response).actor = actor;
  const allowance = await deps.rateLimits.request(actor.tenantId, actor.keyId ?? actor.label);
  for (const [name, value] of Object.entries(allowance.headers)) response.setHeader(name, value);
  return allowance.problem ?? refusalOf(actor, route) ?? { kind: 'actor', actor };
}

/** The headers by lower-case name, without Authorization: handlers never see the key. */
function headersForHandlers(request: Request): Readonly<Record<string, string | undefined>> {
  const { authorization: _, ...headers } = request.headers;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
