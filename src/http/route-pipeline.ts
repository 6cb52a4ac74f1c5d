import type { Request, Response } from 'express';
import type { Actor } from '../domain/actor.ts';
import type { Dispatch } from '../platform/http/dispatch.ts';
import { invalidField, type Problem } from '../platform/http/problem.ts';
import type { Reply, Route } from '../platform/http/route.ts';
import { type AdmissionDeps, admit, withinShare } from './admission.ts';
import { refusalOf } from './authentication.ts';
import type { ReadBody } from './read-body.ts';
import { contextOf, pathOf } from './request-context.ts';
import { send } from './send.ts';

export interface RoutePipelineDeps extends AdmissionDeps {
  readonly readBody: (request: Request, response: Response) => Promise<ReadBody>;
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
  return refused ?? withinShare(deps, actor, response, () => answer(deps, route, actor, request, response));
}

async function answer(
  deps: RoutePipelineDeps,
  route: Route,
  actor: Actor,
  request: Request,
  response: Response,
): Promise<Reply | Problem> {
  const body = route.body ? await deps.readBody(request, response) : undefined;
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
