import { createMcpHandler } from '@modelcontextprotocol/server';
import { findJsonFault } from '../platform/http/json-limits.ts';
import { findJsonLoss } from '../platform/http/json-losses.ts';
import { createDispatchedCalls, type DispatchedCallsDeps, type McpRequest } from './dispatched-calls.ts';
import { type JsonRpcRefusal, jsonRpcRefusal } from './json-rpc-refusal.ts';
import type { McpMetrics } from './metrics.ts';
import { createMcpServer } from './server.ts';
import { type AnswerForm, answerFormOf } from './tool-result.ts';
import { everyTool } from './tools/every-tool.ts';

export interface McpServiceDeps extends DispatchedCallsDeps {
  readonly version: string;
  readonly metrics: McpMetrics;
}

/** A POST of the streamable HTTP transport, admitted and read. */
export interface McpPost extends McpRequest {
  readonly body: unknown;
  /** The text of the body: some of it can be lost in parsing. */
  readonly bodyText: string | undefined;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The form of answers that the client asks for. */
  readonly answers: AnswerForm | undefined;
}

export type McpAnswer =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly contentType: string | undefined;
      readonly body: Buffer;
    }
  | JsonRpcRefusal;

/** Longer than any call of a route may take; a change of settings that tries both providers takes longest. */
const timeoutMs = 60_000;

/** A batch of the protocol of 2025-03-26. Its calls run one after another within the time of one request. */
const maxBatch = 20;

/** The headers that the transport reads. */
const protocolHeaders = ['accept', 'mcp-protocol-version', 'mcp-method', 'mcp-name'];

/**
 * Answers one POST with a server of its own, which ends with it: there are no sessions, so any process of the API can answer any
 * request. Newer and older clients are told apart by the library.
 */
export function createMcpService(deps: McpServiceDeps): (post: McpPost) => Promise<McpAnswer> {
  const callsOf = createDispatchedCalls(deps);

  return async (post) => {
    const refused = refuseBody(post);
    if (refused) return refused;

    const signal = AbortSignal.any([post.signal, AbortSignal.timeout(timeoutMs)]);
    const call = callsOf({ ...post, signal });
    const tools = everyTool.filter(({ route: { method, path } }) =>
      deps.routes.some(
        (route) =>
          route.method === method && route.path === path && deps.refusalOf(post.actor, route) === undefined,
      ),
    );
    const handler = createMcpHandler(
      () =>
        createMcpServer({
          ...{ version: deps.version, call, tools: async () => tools },
          answerForm: (version) =>
            post.answers ?? answerFormOf(version ?? post.headers['mcp-protocol-version']),
          toolCalled: deps.metrics.toolCalled,
          failed: (error) => deps.log.error({ request_id: post.requestId, error }, 'MCP tool has failed'),
        }),
      {
        // A stream that stays open would hold a place of the tenant, and nothing is ever announced on it.
        maxSubscriptions: 0,
        keepAliveMs: 0,
      },
    );
    try {
      const response = await handler.fetch(requestOf(post, signal), {
        ...(post.body === undefined ? {} : { parsedBody: post.body }),
      });
      return {
        kind: 'answer',
        status: response.status,
        contentType: response.headers.get('content-type') ?? undefined,
        body: Buffer.from(await response.arrayBuffer()),
      };
    } catch (error) {
      if (!signal.aborted) throw error;
      return jsonRpcRefusal(503, 'internal', 'The call took too long and was cancelled.');
    } finally {
      await handler.close();
    }
  };
}

/** What the library would take for granted: that a value can be walked, and that a batch is short. */
function refuseBody({ body, bodyText }: McpPost): JsonRpcRefusal | undefined {
  if (Array.isArray(body) && body.length > maxBatch) {
    return jsonRpcRefusal(400, 'request', `A batch may have at most ${maxBatch} messages.`);
  }
  const fault = findJsonFault(body) ?? (bodyText === undefined ? undefined : findJsonLoss(bodyText));
  return fault && jsonRpcRefusal(400, 'request', `${fault.path || 'The body'}: ${fault.message}`);
}

function requestOf({ headers }: McpPost, signal: AbortSignal): Request {
  const known = protocolHeaders.flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  // The address is of no interest to the library, and the one that the client has written is not to be trusted.
  return new Request('http://lorekeep.invalid/mcp', {
    method: 'POST',
    headers: Object.fromEntries([...known, ['content-type', 'application/json']]),
    signal,
  });
}
