import type { Actor } from '../../domain/actor.ts';
import { isThrown } from '../../domain/thrown.ts';
import { cancelledBy } from '../async/cancellation.ts';
import {
  AnsweredMeanwhile,
  type Idempotency,
  type KeyedRequest,
  type Recalled,
} from '../idempotency/idempotency.ts';
import { presentedIdempotencyKey } from '../idempotency/idempotency-key.ts';
import { requestHash } from '../idempotency/request-hash.ts';
import type { Logger } from '../telemetry/logging.ts';
import { createRequestParser, type RequestParser } from './parse-request.ts';
import { type Problem, problem } from './problem.ts';
import { undeclaredIn } from './response-contract.ts';
import type { Reply, Route, RouteRequest } from './route.ts';
import type { Upload } from './upload.ts';

/** A request as its transport has read it. The actor is admitted; nothing else is checked yet. */
export interface DispatchRequest {
  readonly actor: Actor;
  readonly params: unknown;
  readonly query: unknown;
  /** JSON; undefined without a body. */
  readonly body: unknown;
  /** The text of the body, if it came as text: some of it can be lost in parsing. */
  readonly bodyText?: string | undefined;
  /** The file that came with the body. */
  readonly upload?: Upload | undefined;
  /** Lower-case header names, without the credentials. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly requestId: string;
  readonly signal: AbortSignal;
  /** Method, path, body and file identify a request: an Idempotency-Key of another request is refused. */
  readonly method: string;
  readonly path: string;
}

/** Answers a request of a declared route, independent of its transport. Rejects as the handler rejects. */
export type Dispatch = (route: Route, request: DispatchRequest) => Promise<Reply | Problem>;

export interface DispatchDeps {
  readonly idempotency: Idempotency;
  readonly log: Logger;
  /** Checks every answer against the route's response contract and throws for one that breaks it. For tests. */
  readonly verifyReplies: boolean;
}

type Handled = RouteRequest<unknown, unknown, unknown>;

/**
 * Parses by the route's schemas, runs the handler once per Idempotency-Key and checks the response contract. When the client has
 * gone, the statement under way is cancelled.
 */
export function createDispatch(deps: DispatchDeps): Dispatch {
  const parsers = new WeakMap<Route, RequestParser>();
  const parserOf = (route: Route): RequestParser => {
    const known = parsers.get(route);
    if (known !== undefined) return known;
    const parser = createRequestParser(route);
    parsers.set(route, parser);
    return parser;
  };

  const dispatch: Dispatch = async (route, request) => {
    const parsed = parserOf(route)(request);
    if (parsed.kind === 'problem') return parsed;
    const { headers, actor, upload, requestId, signal } = request;
    const presented = presentedIdempotencyKey(route, headers['idempotency-key'], parsed.body);
    if (presented.kind === 'problem') return presented;

    const { params, query, body } = parsed;
    const handled = { actor, params, query, body, upload, headers, requestId, signal };
    if (presented.kind === 'none') {
      return verified(deps, route, await route.handle({ ...handled, once: () => undefined }));
    }
    return answerOnce(deps, route, handled, {
      tenantId: actor.tenantId,
      key: presented.key,
      requestHash: requestHash(request),
      secretFields: route.secretFields ?? [],
    });
  };
  return (route, request) => cancelledBy(request.signal, () => dispatch(route, request));
}

/** Gives the stored answer of the Idempotency-Key again; without one, runs the handler and stores its answer. */
async function answerOnce(
  deps: DispatchDeps,
  route: Route,
  handled: Omit<Handled, 'once'>,
  keyed: KeyedRequest,
): Promise<Reply | Problem> {
  const recall = async () => replayOf(await deps.idempotency.recall(keyed));
  const before = await recall();
  if (before) return verified(deps, route, before);

  let stored = false;
  const once: Handled['once'] = (present) => async (tx, result) => {
    await deps.idempotency.store(tx, keyed, present(result));
    stored = true;
  };
  try {
    const answer = verified(deps, route, await route.handle({ ...handled, once }));
    // The refusal may come from a concurrent request with this key whose write was first; then its answer is stored by now.
    if (answer.kind === 'problem') return (await recall()) ?? answer;
    if (!stored) await deps.idempotency.storeAfterwards(keyed, answer);
    return answer;
  } catch (error) {
    // A concurrent request with this key has committed and this one's write is rolled back: the first answer is stored now.
    const meanwhile = isThrown(error, AnsweredMeanwhile) ? await recall() : undefined;
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
    default:
      return recalled satisfies never;
  }
}

/** The answer itself. With `verifyReplies`, throws for an answer that breaks the route's response contract. */
function verified(deps: DispatchDeps, route: Route, answer: Reply | Problem): Reply | Problem {
  const undeclared = deps.verifyReplies ? undeclaredIn(route, answer) : undefined;
  if (undeclared === undefined) return answer;
  deps.log.error({ route: route.path, method: route.method, undeclared }, 'answer not declared by its route');
  throw new Error(`${route.method} ${route.path} answered what it does not declare: ${undeclared}`);
}
