import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';

/** How a server differs from OpenAI's protocol, although it embeds as well as any other. */
export interface Dialect {
  /** The refusal of a request by its fields, its address and its headers; undefined where it is taken. */
  readonly refuse?: (request: DialectRequest) => Refusal | undefined;
  /** What it makes of a good answer. */
  readonly answer?: (answer: EmbeddingAnswer) => unknown;
}

/** A request as a dialect sees it. */
export interface DialectRequest {
  readonly fields: readonly string[];
  readonly inputs: readonly string[];
  readonly query: string;
  readonly headers: IncomingMessage['headers'];
}

interface Refusal {
  readonly status: number;
  readonly body: unknown;
}

/** A request that came, and whether it was refused. */
export interface DialectCall extends DialectRequest {
  readonly refused: boolean;
}

export interface DialectProxy {
  /** The base address at which a dialect is spoken. */
  baseUrlOf(dialect: string): string;
  callsOf(dialect: string): readonly DialectCall[];
  close(): Promise<void>;
}

const answerSchema = z.object({
  object: z.string(),
  model: z.string(),
  data: z.array(z.object({ object: z.string(), index: z.number(), embedding: z.array(z.number()) })),
  usage: z.object({ prompt_tokens: z.number(), total_tokens: z.number() }),
});
export type EmbeddingAnswer = z.output<typeof answerSchema>;

const requestSchema = z.looseObject({ model: z.string(), input: z.array(z.string()) });

/**
 * Starts a proxy of a real embedding server that speaks a dialect below each `/<dialect>`. The server puts the words of its model
 * before each text itself; behind the proxy that is the caller's part, as it is with most servers of open models.
 */
export async function startDialectProxy(
  embeddingUrl: string,
  dialects: Readonly<Record<string, Dialect>>,
): Promise<DialectProxy> {
  const calls = new Map<string, DialectCall[]>();
  const server = createServer((request, response) => {
    void pass(request, response).catch(() => response.destroy());
  });

  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const url = new URL(request.url ?? '/', 'http://proxy');
    const [, name = ''] = /^\/([^/]+)\/v1\/embeddings$/.exec(url.pathname) ?? [];
    const dialect = dialects[name];
    if (dialect === undefined) return send(response, 404, { detail: 'Not Found' });
    const body = requestSchema.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    const asked = {
      fields: Object.keys(body),
      inputs: body.input,
      query: url.search,
      headers: request.headers,
    };
    const refusal = dialect.refuse?.(asked);
    calls.set(name, [...(calls.get(name) ?? []), { ...asked, refused: refusal !== undefined }]);
    if (refusal !== undefined) return send(response, refusal.status, refusal.body);
    const answered = await embed(embeddingUrl, body.input, body.input_type);
    return send(response, 200, dialect.answer?.(answered) ?? answered);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');

  return {
    baseUrlOf: (dialect) => `http://127.0.0.1:${address.port}/${dialect}/v1`,
    callsOf: (dialect) => calls.get(dialect) ?? [],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function embed(
  embeddingUrl: string,
  inputs: readonly string[],
  side: unknown,
): Promise<EmbeddingAnswer> {
  const isQuery = side === 'query' || inputs.every((text) => text.startsWith('query: '));
  const answer = await fetch(`${embeddingUrl}/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'multilingual-e5-small',
      input: inputs.map((text) => text.replace(/^(query|passage): /, '')),
      input_type: isQuery ? 'query' : 'passage',
    }),
  });
  return answerSchema.parse(await answer.json());
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
