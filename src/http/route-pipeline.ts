import type { Request, Response } from 'express';
import type { Actor } from '../domain/actor.ts';
import type { Dispatch } from '../platform/http/dispatch.ts';
import { invalidField, type Problem, problem } from '../platform/http/problem.ts';
import type { Reply, Route } from '../platform/http/route.ts';
import type { Share } from '../platform/shares/share.ts';
import { type AdmissionDeps, admit, withinShare } from './admission.ts';
import { refusalOf } from './authentication.ts';
import { type BodyOfRoute, isUpload, type ReadBody } from './read-body.ts';
import { contextOf, pathOf } from './request-context.ts';
import { send } from './send.ts';

export interface RoutePipelineDeps extends AdmissionDeps {
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
  const admitted = await admit(deps, request, response);
  if (admitted.kind === 'problem') return admitted;
  const { actor } = admitted;
  const refused = refusalOf(actor, route);
  if (refused !== undefined) return refused;
  return withinShare(deps, actor, response, () =>
    isUpload(route, request)
      ? answerUpload(deps, route, actor, request, response)
      : answer(deps, route, actor, request, response),
  );
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

/** The headers by lower-case name, without Authorization: handlers never see the key. */
export function headersForHandlers(request: Request): Readonly<Record<string, string | undefined>> {
  const { authorization: _, ...headers } = request.headers;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
