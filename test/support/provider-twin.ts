import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { sampleAnswer, type TwinQuestion } from './twin-answer.ts';

/** What the twin does with one request. `ok` is what it does when nothing is scripted. */
export type TwinStep =
  | {
      readonly kind: 'ok';
      readonly delayMs?: number;
      readonly dimensions?: number;
      /** Of a chat model: why it stopped, by default because it had said everything. */
      readonly stopReason?: string;
      /** Of a chat model: what it says, in place of what `answer` or the twin makes up. */
      readonly says?: string;
      /** Of a chat model: fields of `usage`, in place of the twin's count. */
      readonly usage?: unknown;
      /** The answer is held back until then. */
      readonly heldUntil?: Promise<void>;
      /** Closes the connection this long after the answer, although the answer says that it is kept. */
      readonly closesAfterMs?: number;
      /** Headers of the answer, decided when the request arrives. */
      readonly headers?: () => Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** A 200 with this body, as it stands. */
  | { readonly kind: 'raw'; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
  /** What it does depends on the texts. */
  | { readonly kind: 'by'; readonly step: (inputs: readonly string[]) => TwinStep }
  /** Never answers. */
  | { readonly kind: 'hang' }
  /** A 200 whose body comes a byte at a time and never ends. */
  | { readonly kind: 'trickle' }
  /** A 200 whose body is this long once it is unpacked. */
  | { readonly kind: 'flood'; readonly bytes: number }
  /** Cuts the connection: before any byte (a request on a kept one is sent once more), after the first, or in the body. */
  | { readonly kind: 'cut'; readonly after: 'nothing' | 'byte' | 'half' }
  /** Cuts a connection that has served an earlier request, as one that went stale; answers on a new one. */
  | { readonly kind: 'stale' };

/** How the twin differs from OpenAI's protocol for a key, as compatible servers do. */
export interface TwinDialect {
  /** Fields of a request that it refuses, and with what. */
  readonly refuses?: Readonly<Record<string, { readonly status: number; readonly body: unknown }>>;
  /** Whether its vectors are numbered: by default all are. */
  readonly index?: 'none' | 'some';
  /** Writes its vectors as base64, whatever the request names. */
  readonly base64?: boolean;
  /** The field of a request by which it makes vectors of another dimension; by default none. */
  readonly dimensionsField?: string;
  /** What it tells of the tokens, in place of OpenAI's usage. Undefined: nothing. */
  readonly usage?: (tokens: number) => unknown;
  /** The model that it names, in place of the one that was asked for. */
  readonly model?: string;
  /** The header of its keys. It refuses a request that has `authorization` as well. */
  readonly keyHeader?: 'api-key';
}

export interface TwinCall {
  readonly apiKey: string;
  /** The path, and the query string if there is one. */
  readonly url: string;
  /** The names of the request's fields. */
  readonly fields: readonly string[];
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly model: string;
  readonly inputs: readonly string[];
  /** Of the input, and of the answer where there is one in words. */
  readonly tokens: number;
  /** Whether it was answered with what was asked for, and is thus on the bill. */
  readonly billed: boolean;
}

export interface ProviderTwin {
  /** As EMBEDDING_BASE_URL. */
  readonly baseUrl: string;
  /** As ANTHROPIC_BASE_URL. */
  readonly anthropicBaseUrl: string;
  /** Every request so far, in the order of arrival. */
  readonly calls: readonly TwinCall[];
  /** The requests that came with this key. */
  callsOf(apiKey: string): readonly TwinCall[];
  /** The most requests with this key that were under way at one time. */
  mostAtOnce(apiKey: string): number;
  /** The next requests with this key get these steps, one each; after them `otherwise`, or `ok`. */
  script(apiKey: string, steps: readonly TwinStep[], otherwise?: TwinStep): void;
  /** From now on requests with this key are answered in a dialect, where no step says otherwise. */
  speak(apiKey: string, dialect: TwinDialect): void;
  /** From now on questions with this key whose answer has a schema are answered by this, as JSON. */
  answer(apiKey: string, by: (question: TwinQuestion) => unknown): void;
  close(): Promise<void>;
}

/** Words that the twin's refusals are full of: none may ever leave the service. */
export const twinMarker = 'TWIN-PRIVATE-WORDS';

export const twinDimensions = 16;

/** What the model says to everything. */
export const twinMessage = 'The twin has read it.';

/** A request to order texts, in the form that the vendors have in common; each refuses the others' further fields. */
const rerankRequest = z
  .looseObject({ model: z.string(), query: z.string(), documents: z.array(z.string().min(1)).min(1) })
  .transform(({ model, query, documents }) => ({ model, query, inputs: documents }));

const embeddingRequest = z
  .looseObject({ model: z.string(), input: z.array(z.string()) })
  .transform(({ model, input, ...optional }) => ({ model, inputs: input, optional }));

/** Text, or blocks of it. */
const textBlocks = z
  .union([z.string(), z.array(z.looseObject({ type: z.literal('text'), text: z.string() }))])
  .transform((given) => (typeof given === 'string' ? given : given.map(({ text }) => text).join('\n')));

const messageRequest = z
  .object({
    model: z.string(),
    max_tokens: z.number().int().positive(),
    system: textBlocks.optional(),
    messages: z.array(z.object({ role: z.enum(['user', 'assistant']), content: textBlocks })).min(1),
    output_config: z
      .looseObject({ format: z.object({ type: z.literal('json_schema'), schema: z.unknown() }).optional() })
      .optional(),
  })
  .transform(({ model, max_tokens, system, messages, output_config }) => ({
    model,
    maxTokens: max_tokens,
    inputs: [...(system === undefined ? [] : [system]), ...messages.map(({ content }) => content)],
    question: {
      system: system ?? '',
      prompt: messages.map(({ content }) => content).join('\n'),
      schema: output_config?.format?.schema,
    },
  }));

/**
 * A stand-in for an OpenAI-compatible provider (`/v1/embeddings`), for reranking (`/v1/rerank`, `/v2/rerank`) and for Anthropic (`/v1/messages`), for their faults:
 * what real ones do seldom, on demand. Equal texts have equal vectors, and texts that share words have near ones.
 */
export async function startProviderTwin(options: { readonly port?: number } = {}): Promise<ProviderTwin> {
  const calls: TwinCall[] = [];
  const scripts = new Map<string, { steps: TwinStep[]; otherwise: TwinStep }>();
  const served = new WeakSet<Socket>();
  const dialects = new Map<string, TwinDialect>();
  const answers = new Map<string, (question: TwinQuestion) => unknown>();
  const underWay = new Map<string, { now: number; most: number }>();
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const asked = readRequest(request, body);
    if (asked === undefined)
      return send(response, 404, { error: { message: twinMarker, type: 'not_found' } });
    const { apiKey, model, inputs } = asked;
    const script = scripts.get(apiKey);
    const dialect = dialects.get(apiKey) ?? {};
    const scripted = script?.steps.shift() ?? script?.otherwise ?? { kind: 'ok', delayMs: delayOf(apiKey) };
    const decided = resolveStep(scripted, inputs);
    const refusal = decided.kind === 'ok' ? refusalOf(dialect, request, body) : undefined;
    const told: FixedStep = refusal === undefined ? decided : { kind: 'status', ...refusal };
    const step = told.kind === 'stale' ? staleStep(served.has(request.socket)) : told;
    served.add(request.socket);
    const inputTokens = inputs.reduce((sum, text) => sum + countTokens(text), 0);
    const said = asked.kind === 'message' ? saidBy(asked.question, answers.get(apiKey), told) : '';
    const outputTokens = asked.kind === 'message' ? Math.min(countTokens(said), asked.maxTokens) : 0;
    const billed = step.kind === 'ok';
    calls.push({
      apiKey,
      url: request.url ?? '',
      fields: typeof body === 'object' && body !== null ? Object.keys(body) : [],
      body,
      headers: request.headers,
      model,
      inputs,
      tokens: inputTokens + (billed ? outputTokens : 0),
      billed,
    });

    const count = underWay.get(apiKey) ?? { now: 0, most: 0 };
    underWay.set(apiKey, count);
    count.now += 1;
    count.most = Math.max(count.most, count.now);
    response.once('close', () => {
      count.now -= 1;
    });

    switch (step.kind) {
      case 'ok': {
        const headers = step.headers?.();
        await step.heldUntil;
        if (step.closesAfterMs !== undefined) closeAfterAnswer(response, step.closesAfterMs);
        if (step.delayMs) await new Promise((resolve) => setTimeout(resolve, step.delayMs));
        return send(
          response,
          200,
          asked.kind === 'rerank'
            ? rerankAnswer(asked, inputTokens + asked.inputs.length * countTokens(asked.query))
            : asked.kind === 'embedding'
              ? embeddingAnswer(dialect, { ...asked, tokens: inputTokens, dimensions: step.dimensions })
              : {
                  id: `msg_${randomUUID()}`,
                  type: 'message',
                  role: 'assistant',
                  model,
                  content: [{ type: 'text', text: said.slice(0, outputTokens * 4) }],
                  stop_reason:
                    step.stopReason ?? (outputTokens < countTokens(said) ? 'max_tokens' : 'end_turn'),
                  stop_sequence: null,
                  usage: step.usage ?? { input_tokens: inputTokens, output_tokens: outputTokens },
                },
          headers,
        );
      }
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
      case 'trickle': {
        response.writeHead(200, { 'content-type': 'application/json' });
        const timer = setInterval(() => response.write(' '), 50);
        response.once('close', () => clearInterval(timer));
        return;
      }
      case 'flood':
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
        response.end(packedBlanks(step.bytes));
        return;
      case 'cut':
        if (step.after === 'byte') await new Promise((resolve) => request.socket.write('H', resolve));
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
    anthropicBaseUrl: `http://127.0.0.1:${address.port}`,
    calls,
    callsOf: (apiKey) => calls.filter((call) => call.apiKey === apiKey),
    mostAtOnce: (apiKey) => underWay.get(apiKey)?.most ?? 0,
    script(apiKey, steps, otherwise = { kind: 'ok' }) {
      scripts.set(apiKey, { steps: [...steps], otherwise });
    },
    speak(apiKey, dialect) {
      dialects.set(apiKey, dialect);
    },
    answer(apiKey, by) {
      answers.set(apiKey, by);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** So many blanks as gzip. They are packed once, since that holds up everything of a process for half a second. */
const packed = new Map<number, Buffer>();
function packedBlanks(bytes: number): Buffer {
  const blanks = packed.get(bytes) ?? gzipSync(Buffer.alloc(bytes, ' '));
  packed.set(bytes, blanks);
  return blanks;
}

/** What the chat model says: JSON where the question has a schema. */
function saidBy(
  question: TwinQuestion,
  answer: ((question: TwinQuestion) => unknown) | undefined,
  step: TwinStep,
): string {
  if (step.kind === 'ok' && step.says !== undefined) return step.says;
  if (question.schema === undefined) return twinMessage;
  return JSON.stringify(
    answer === undefined ? sampleAnswer(question.schema, question.prompt) : answer(question),
  );
}

const staleStep = (servedBefore: boolean): Exclude<TwinStep, { kind: 'stale' }> =>
  servedBefore ? { kind: 'cut', after: 'nothing' } : { kind: 'ok' };

function closeAfterAnswer(response: ServerResponse, ms: number): void {
  const { socket } = response;
  response.once('finish', () => setTimeout(() => socket?.destroy(), ms));
}

/** Who asks for what; nothing where the path is neither vendor's. */
function readRequest(request: IncomingMessage, body: unknown) {
  const { pathname } = new URL(request.url ?? '/', 'http://twin');
  switch (pathname) {
    case '/v1/embeddings': {
      const bearer = request.headers.authorization?.replace('Bearer ', '');
      const apiKey = bearer ?? z.string().catch('').parse(request.headers['api-key']);
      return { kind: 'embedding' as const, apiKey, ...embeddingRequest.parse(body) };
    }
    case '/v1/rerank':
    case '/v2/rerank': {
      const apiKey = request.headers.authorization?.replace('Bearer ', '') ?? '';
      // Voyage has scores in `data` and Jina in `results`, at one path; only Voyage is told to cut long texts.
      const asVoyage = z.looseObject({ truncation: z.boolean() }).safeParse(body).success;
      const vendor: RerankAsked['vendor'] =
        pathname === '/v2/rerank' ? 'cohere' : asVoyage ? 'voyage' : 'jina';
      return { kind: 'rerank' as const, apiKey, vendor, ...rerankRequest.parse(body) };
    }
    case '/v1/messages': {
      const apiKey = z.string().catch('').parse(request.headers['x-api-key']);
      return { kind: 'message' as const, apiKey, ...messageRequest.parse(body) };
    }
    default:
      return undefined;
  }
}

/** What a dialect refuses of a request; undefined where it takes all of it. */
function refusalOf(dialect: TwinDialect, request: IncomingMessage, body: unknown) {
  if (dialect.keyHeader !== undefined && request.headers.authorization !== undefined)
    return { status: 401, body: { error: { code: '401', message: `${twinMarker}: two kinds of keys` } } };
  const fields = z.record(z.string(), z.unknown()).parse(body);
  return Object.entries(dialect.refuses ?? {}).find(([field]) => Object.hasOwn(fields, field))?.[1];
}

/** The answer to a request for vectors, in a dialect. */
function embeddingAnswer(
  dialect: TwinDialect,
  asked: z.output<typeof embeddingRequest> & {
    readonly tokens: number;
    readonly dimensions: number | undefined;
  },
) {
  const { model, inputs, optional, tokens } = asked;
  const wanted = dialect.dimensionsField === undefined ? undefined : optional[dialect.dimensionsField];
  const dimensions = asked.dimensions ?? (typeof wanted === 'number' ? wanted : twinDimensions);
  const inBase64 = dialect.base64 || optional.encoding_format === 'base64';
  const usage = dialect.usage ?? ((count: number) => ({ prompt_tokens: count, total_tokens: count }));
  return {
    object: 'list',
    model: dialect.model ?? model,
    data: inputs.map((text, index) => {
      const vector = twinVector(text, dimensions);
      const isNumbered = dialect.index === undefined || (dialect.index === 'some' && index > 0);
      return {
        object: 'embedding',
        ...(isNumbered ? { index } : {}),
        embedding: inBase64 ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector,
      };
    }),
    usage: usage(tokens),
  };
}

/** The scores of texts, best first: how many words of the query each has, and the shorter the better. In the vendor's own form. */
function rerankAnswer(
  { vendor, model, query, inputs }: RerankAsked,
  tokens: number,
): Readonly<Record<string, unknown>> {
  const wanted = new Set(wordsOf(query));
  const scores = inputs
    .map((text, index) => ({ index, relevance_score: twinScore(wanted, text) }))
    .sort((left, right) => right.relevance_score - left.relevance_score);
  switch (vendor) {
    case 'cohere':
      return {
        id: randomUUID(),
        results: scores,
        meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } },
      };
    case 'voyage':
      return { object: 'list', data: scores, model, usage: { total_tokens: tokens } };
    case 'jina':
      return { model, object: 'list', usage: { total_tokens: tokens }, results: scores };
  }
}

type RerankAsked = z.output<typeof rerankRequest> & {
  readonly vendor: 'cohere' | 'voyage' | 'jina';
};

const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

const twinScore = (wanted: ReadonlySet<string>, text: string) => {
  const words = wordsOf(text);
  return (
    new Set(words.filter((word) => wanted.has(word))).size / (wanted.size + 1) + 0.1 / (words.length + 1)
  );
};

type FixedStep = Exclude<TwinStep, { readonly kind: 'by' }>;

const resolveStep = (step: TwinStep, inputs: readonly string[]): FixedStep =>
  step.kind === 'by' ? resolveStep(step.step(inputs), inputs) : step;

const countTokens = (text: string) => Math.ceil(text.length / 4);

/** A key that no other test uses. */
export function twinKey(): string {
  return `sk-twin-${randomUUID()}`;
}

/** A key whose every call is answered after this time, without a script. */
export function slowTwinKey(delayMs: number): string {
  return `${twinKey()}-after-${delayMs}`;
}

const delayOf = (apiKey: string) => Number(/-after-(\d+)$/.exec(apiKey)?.[1] ?? 0);

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
