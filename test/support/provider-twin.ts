import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';

/** What the twin does with one request. `ok` is what it does when nothing is scripted. */
export type TwinStep =
  | { readonly kind: 'ok'; readonly delayMs?: number; readonly dimensions?: number }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A 200 with this body, as it stands. */
  | { readonly kind: 'raw'; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** Cuts the connection: before any byte, or in the middle of the body. */
  | { readonly kind: 'cut'; readonly after: 'nothing' | 'half' };

export interface TwinCall {
  readonly apiKey: string;
  readonly model: string;
  readonly inputs: readonly string[];
  readonly tokens: number;
  /** Whether it was answered with vectors, and is thus on the bill. */
  readonly billed: boolean;
}

export interface ProviderTwin {
  /** As EMBEDDING_BASE_URL. */
  readonly baseUrl: string;
  /** Every request so far, in the order of arrival. */
  readonly calls: readonly TwinCall[];
  /** The requests that came with this key. */
  callsOf(apiKey: string): readonly TwinCall[];
  /** The next requests with this key get these steps, one each; after them `otherwise`, or `ok`. */
  script(apiKey: string, steps: readonly TwinStep[], otherwise?: TwinStep): void;
  close(): Promise<void>;
}

/** Words that the twin's refusals are full of: none may ever leave the service. */
export const twinMarker = 'TWIN-PRIVATE-WORDS';

export const twinDimensions = 16;

const requestSchema = z.object({ model: z.string(), input: z.array(z.string()) });

/**
 * A stand-in for an OpenAI-compatible provider, for its faults: what a real one does seldom, on demand. Equal texts have
 * equal vectors, and texts that share words have near ones.
 */
export async function startProviderTwin(options: { readonly port?: number } = {}): Promise<ProviderTwin> {
  const calls: TwinCall[] = [];
  const scripts = new Map<string, { steps: TwinStep[]; otherwise: TwinStep }>();
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const apiKey = request.headers.authorization?.replace('Bearer ', '') ?? '';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { model, input } = requestSchema.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    const script = scripts.get(apiKey);
    const step = script?.steps.shift() ?? script?.otherwise ?? { kind: 'ok' };
    const tokens = input.reduce((sum, text) => sum + Math.ceil(text.length / 4), 0);
    calls.push({ apiKey, model, inputs: input, tokens, billed: step.kind === 'ok' });

    switch (step.kind) {
      case 'ok':
        if (step.delayMs) await new Promise((resolve) => setTimeout(resolve, step.delayMs));
        return send(response, 200, {
          object: 'list',
          model,
          data: input.map((text, index) => ({
            object: 'embedding',
            index,
            embedding: twinVector(text, step.dimensions ?? twinDimensions),
          })),
          usage: { prompt_tokens: tokens, total_tokens: tokens },
        });
      case 'status':
        return send(
          response,
          step.status,
          step.body ?? {
            error: { message: `${twinMarker} your key ${apiKey} is no good`, code: null, type: null },
          },
          step.headers,
        );
      case 'raw':
        response.writeHead(200, { 'content-type': 'application/json', ...step.headers }).end(step.body);
        return;
      case 'hang':
        return;
      case 'cut':
        if (step.after === 'half') {
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
          await new Promise((resolve) => response.write('{"object":"list","data":[', resolve));
        }
        request.socket.destroy();
        return;
    }
  }

  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the twin has no port');

  return {
    baseUrl: `http://127.0.0.1:${address.port}/v1`,
    calls,
    callsOf: (apiKey) => calls.filter((call) => call.apiKey === apiKey),
    script(apiKey, steps, otherwise = { kind: 'ok' }) {
      scripts.set(apiKey, { steps: [...steps], otherwise });
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A key that no other test uses. */
export function twinKey(): string {
  return `sk-twin-${randomUUID()}`;
}

/** A unit vector: each word adds its own direction, and the whole text a little. */
export function twinVector(text: string, dimensions: number): number[] {
  const vector = new Array<number>(dimensions).fill(0);
  const add = (word: string, weight: number) => {
    const digest = createHash('sha256').update(word).digest();
    for (let i = 0; i < dimensions; i += 1) {
      vector[i] = (vector[i] ?? 0) + weight * ((digest[i % digest.length] ?? 0) / 127.5 - 1);
    }
  };
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) add(word, 1);
  add(text, 0.01);
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

function send(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}
