import type { Request, Response } from 'express';
import type { Actor } from '../domain/actor.ts';
import { parseRequest } from '../platform/http/parse-request.ts';
import { type Problem, problem } from '../platform/http/problem.ts';
import { undeclaredIn } from '../platform/http/response-contract.ts';
import type { Reply, Route, RouteRequest } from '../platform/http/route.ts';
import {
  AnsweredMeanwhile,
  type Idempotency,
  type KeyedRequest,
  type Recalled,
} from '../platform/idempotency/idempotency.ts';
import { presentedIdempotencyKey } from '../platform/idempotency/idempotency-key.ts';
import { requestHash } from '../platform/idempotency/request-hash.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { type Authenticated, refusalOf } from './authentication.ts';
import type { RateLimits } from './rate-limits.ts';
import type { ReadBody } from './read-body.ts';
import { contextOf, pathOf, type RequestContext } from './request-context.ts';

export interface AnswerDeps {
  readonly authentication: (request: Request) => Promise<Authenticated>;
  readonly rateLimits: RateLimits;
  readonly readBody: (request: Request, response: Response) => Promise<ReadBody>;
  readonly idempotency: Idempotency;
  readonly log: Logger;
  /** Holds every answer against the route's declaration and fails on one that is not in it. For tests. */
  readonly verifyReplies: boolean;
}

type Handled = RouteRequest<unknown, unknown, unknown>;

/** Answers one request of a declared route: who, how often, what, and then the handler, once. */
export async function answerRoute(
  deps: AnswerDeps,
  route: Route,
  request: Request,
  response: Response,
): Promise<Reply | Problem> {
  const context = contextOf(response);
  context.route = route;

  const admitted = await admit(deps, route, request, response);
  if (admitted.kind === 'problem') return admitted;
  const { actor } = admitted;

  const body = route.body ? await deps.readBody(request, response) : undefined;
  if (body?.kind === 'problem') return body;
  const parsed = await parseRequest(route, {
    params: request.params,
    query: { ...request.query },
    body: body?.value,
  });
  if (parsed.kind === 'problem') return parsed;

  const headers = headersForHandlers(request);
  const presented = presentedIdempotencyKey(route, headers['idempotency-key'], parsed.body);
  if (presented.kind === 'problem') return presented;

  const handled = {
    actor,
    params: parsed.params,
    query: parsed.query,
    body: parsed.body,
    headers,
    requestId: context.requestId,
    signal: context.signal,
  };
  if (presented.kind === 'none') {
    return verified(deps, route, await route.handle({ ...handled, once: () => async () => undefined }));
  }
  return answerOnce(deps, route, handled, {
    tenantId: actor.tenantId,
    key: presented.key,
    requestHash: requestHash({ method: request.method, path: pathOf(request), body: body?.value }),
    secretFields: route.secretFields ?? [],
  });
}

/** Lets an actor in whose key, rate and role allow the call. */
async function admit(
  deps: AnswerDeps,
  route: Route,
  request: Request,
  response: Response,
): Promise<{ readonly kind: 'actor'; readonly actor: Actor } | Problem> {
  const authenticated = await deps.authentication(request);
  if (authenticated.kind === 'anonymous') return authenticated.problem;
  if (authenticated.kind === 'refused') {
    return (await deps.rateLimits.refusedKey(request.ip ?? 'unknown')) ?? authenticated.problem;
  }
  const { actor } = authenticated;
  contextOf(response).actor = actor;
  const allowance = await deps.rateLimits.request(actor.keyId ?? actor.label);
  for (const [name, value] of Object.entries(allowance.headers)) response.setHeader(name, value);
  return allowance.problem ?? refusalOf(actor, route) ?? { kind: 'actor', actor };
}

/** Runs the handler unless its Idempotency-Key has an answer already, and keeps the answer that it gives. */
async function answerOnce(
  deps: AnswerDeps,
  route: Route,
  handled: Omit<Handled, 'once'>,
  keyed: KeyedRequest,
): Promise<Reply | Problem> {
  const recall = async () => replayOf(await deps.idempotency.recall(keyed));
  const before = await recall();
  if (before) return verified(deps, route, before);

  let kept = false;
  const once: Handled['once'] = (present) => async (tx, result) => {
    await deps.idempotency.keep(tx, keyed, present(result));
    kept = true;
  };
  try {
    const answer = verified(deps, route, await route.handle({ ...handled, once }));
    // A refusal may be the other request's doing: two at once with this key, and that one's write came first.
    if (answer.kind === 'problem') return (await recall()) ?? answer;
    if (!kept) await deps.idempotency.keepAfterwards(keyed, answer);
    return answer;
  } catch (error) {
    // The other request with this key has committed, this one's write is rolled back: the first answer is there now.
    const meanwhile = error instanceof AnsweredMeanwhile ? await recall() : undefined;
    if (meanwhile) return verified(deps, route, meanwhile);
    throw error;
  }
}

function replayOf(recalled: Recalled): Reply | Problem | undefined {
  switch (recalled.kind) {
    case 'new':
      return undefined;
    case 'reused':
      return problem(
        'idempotency_key_reused',
        'The Idempotency-Key belongs to an earlier request with another path or body.',
      );
    case 'replay':
      return {
        ...recalled.answer,
        headers: { ...recalled.answer.headers, 'Idempotency-Replayed': 'true' },
      };
  }
}

function verified(deps: AnswerDeps, route: Route, answer: Reply | Problem): Reply | Problem {
  const undeclared = deps.verifyReplies ? undeclaredIn(route, answer) : undefined;
  if (undeclared === undefined) return answer;
  deps.log.error(
    { route: route.path, method: route.method, undeclared },
    'an answer is not declared by its route',
  );
  throw new Error(`${route.method} ${route.path} answered what it does not declare: ${undeclared}`);
}

/** Header names are lower case; the key stays with the authentication. */
function headersForHandlers(request: Request): Readonly<Record<string, string | undefined>> {
  const { authorization: _, ...headers } = request.headers;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

/** The problem of anything thrown: a fixed sentence to the client; the logger keeps the error's type and place alone. */
export function internalProblem(
  log: Logger,
  { requestId, actor }: Pick<RequestContext, 'requestId' | 'actor'>,
  error: unknown,
): Problem {
  log.error({ request_id: requestId, tenant_id: actor?.tenantId, error }, 'request failed unexpectedly');
  return problem(
    'internal',
    'Something went wrong on our side. The request id helps the operator to find it.',
  );
}
