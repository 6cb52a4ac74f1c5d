import type { Request, RequestHandler, Response } from 'express';
import { type JsonRpcRefusal, jsonRpcRefusal } from '../mcp/json-rpc-refusal.ts';
import type { McpAnswer, McpPost } from '../mcp/serve-request.ts';
import { type Problem, problem } from '../platform/http/problem.ts';
import { type AdmissionDeps, admit, withinShare } from './admission.ts';
import { type McpOptions, metadataUrlOf } from './mcp-options.ts';
import { isOriginAllowed } from './mcp-origin.ts';
import type { ReadBody } from './read-body.ts';
import { contextOf } from './request-context.ts';
import { headersForHandlers, type RoutePipelineDeps } from './route-pipeline.ts';
import { send } from './send.ts';
import { writeSlices } from './write-slices.ts';

export interface McpEndpointDeps extends AdmissionDeps, Pick<RoutePipelineDeps, 'readBody'> {
  readonly serve: (post: McpPost) => Promise<McpAnswer>;
  readonly options: McpOptions;
}

/** The path of the endpoint. */
export const mcpPath = '/mcp';

/**
 * The streamable HTTP transport of MCP, without sessions: POST alone. A request is admitted as for any route, before its body is
 * read; roles are checked call by call.
 */
export function mcpEndpoint(deps: McpEndpointDeps): RequestHandler {
  return async (request, response) => {
    contextOf(response).endpoint = mcpPath;
    response.setHeader('Cache-Control', 'no-store');
    const unfit = unfitRequest(request, deps.options);
    // Whose request it is stays unknown, so that its address is slowed down as a stranger's.
    if (unfit !== undefined) return send(request, response, (await deps.pace(request)) ?? unfit);
    const admitted = await admit(deps, request, response);
    if (admitted.kind === 'problem') return send(request, response, challenged(admitted, deps.options));
    const { actor } = admitted;
    if (actor.role === 'superadmin') {
      return send(
        request,
        response,
        problem('forbidden', "The superadmin belongs to no tenant. Use one of the tenant's own keys."),
      );
    }

    const answer = await withinShare(deps, actor, response, async () => {
      const body = await deps.readBody({}, request, response);
      if (body.kind === 'problem') return refusalOfBody(body);
      const { requestId, signal } = contextOf(response);
      return deps.serve({
        actor: { ...actor, via: 'mcp' },
        ...{ requestId, signal, body: body.value, bodyText: body.text },
        headers: headersForHandlers(request),
        answers: answersOf(request.query.answers),
      });
    });
    switch (answer.kind) {
      case 'problem':
        return send(request, response, answer);
      case 'refused':
        return write(response, {
          status: answer.status,
          contentType: 'application/json',
          body: Buffer.from(JSON.stringify(answer.body)),
        });
      case 'answer':
        return write(response, answer);
      default:
        return answer satisfies never;
    }
  };
}

/** The problem of a request that is refused before its key is looked at. */
function unfitRequest(request: Request, options: McpOptions): Problem | undefined {
  if (!isOriginAllowed(request.get('origin'), request.get('host'), options))
    return problem('forbidden', 'This endpoint takes no requests from this web origin.');
  if (request.method === 'POST') return undefined;
  return problem('method_not_allowed', 'This path supports POST.', { headers: { Allow: 'POST' } });
}

function answersOf(asked: unknown): McpPost['answers'] {
  return asked === 'text' || asked === 'structured' ? asked : undefined;
}

/** The problem of a missing or bad key, with the address of the metadata where an authorization server is configured. */
function challenged(refused: Problem, options: McpOptions): Problem {
  const metadataUrl = metadataUrlOf(options);
  const challenge = refused.headers?.['WWW-Authenticate'];
  if (challenge === undefined || metadataUrl === undefined) return refused;
  return {
    ...refused,
    headers: { ...refused.headers, 'WWW-Authenticate': `${challenge}, resource_metadata="${metadataUrl}"` },
  };
}

/** A body that cannot be read, as an error of JSON-RPC: its clients read no problem documents. */
function refusalOfBody({ code, detail }: Exclude<ReadBody, { kind: 'body' }>): JsonRpcRefusal {
  switch (code) {
    case 'malformed_json':
      return jsonRpcRefusal(400, 'parse', detail);
    case 'body_too_large':
      return jsonRpcRefusal(413, 'transport', detail);
    case 'unsupported_media_type':
      return jsonRpcRefusal(415, 'transport', detail);
    default:
      return jsonRpcRefusal(400, 'request', detail);
  }
}

async function write(
  response: Response,
  { status, contentType, body }: { status: number; contentType: string | undefined; body: Buffer },
): Promise<void> {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    ...(contentType === undefined ? {} : { 'Content-Type': contentType }),
    'Content-Length': body.length,
  });
  await writeSlices(response, [body], contextOf(response).answers.timeoutMs);
}
