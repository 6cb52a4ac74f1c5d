import type { Actor } from '../domain/actor.ts';
import type { Dispatch } from '../platform/http/dispatch.ts';
import { internalProblem } from '../platform/http/internal-problem.ts';
import type { Problem } from '../platform/http/problem.ts';
import type { Reply, Route } from '../platform/http/route.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { CallRoute, RouteCall } from './call-route.ts';
import { refusal, refusalOfProblem } from './refusal.ts';

export interface DispatchedCallsDeps {
  readonly routes: readonly Route[];
  readonly dispatch: Dispatch;
  readonly log: Logger;
  /** The problem of an actor that may not call the route. */
  readonly refusalOf: (actor: Actor, route: Route) => Problem | undefined;
  /** Counts a further call of the actor's key; a problem when the limit is reached. */
  readonly countCall: (actor: Actor) => Promise<Problem | undefined>;
}

/** The request of the MCP client that the calls belong to. */
export interface McpRequest {
  readonly actor: Actor;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

/**
 * Calls routes within the process of the API, as its HTTP transport does. The calls of one request run one after another, so
 * that a batch takes no more of the service at once than any other request.
 */
export function createDispatchedCalls(deps: DispatchedCallsDeps): (request: McpRequest) => CallRoute {
  return (request) => {
    let before: Promise<unknown> = Promise.resolve();
    let calls = 0;

    const answer = async (call: RouteCall): Promise<Reply | Problem | undefined> => {
      const route = deps.routes.find(({ method, path }) => method === call.method && path === call.path);
      if (route === undefined) return undefined;
      calls += 1;
      // The first call was counted with the request that brought it.
      const limited = calls > 1 ? await deps.countCall(request.actor) : undefined;
      return (
        limited ?? deps.refusalOf(request.actor, route) ?? deps.dispatch(route, toRequest(call, request))
      );
    };

    return async (call) => {
      const turn = before
        .then(() => answer(call))
        .catch((error) => internalProblem(deps.log, request, error));
      before = turn;
      const answered = await turn;
      if (answered === undefined) return refusal('method_not_allowed', 'The API has no such route.');
      return answered.kind === 'problem'
        ? refusalOfProblem(answered)
        : { kind: 'reply', status: answered.status, body: asJson(answered.body) };
    };
  };
}

/** A body as a client gets it: with dates as texts. */
const asJson = (body: unknown): unknown =>
  body === undefined ? undefined : JSON.parse(JSON.stringify(body));

function toRequest(call: RouteCall, { actor, requestId, signal }: McpRequest): Parameters<Dispatch>[1] {
  const { method, path, params = {}, query = {}, body, headers = {} } = call;
  return {
    ...{ actor, requestId, signal, params, body, headers },
    // As a query string would bring them: without what is undefined.
    query: Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)),
    method: method.toUpperCase(),
    path: `/api/v1${path.replace(/:([a-z_]+)/g, (_, name: string) => params[name] ?? '')}`,
  };
}
