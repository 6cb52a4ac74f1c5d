import OpenAI from 'openai';
import { z } from 'zod';
import type { Failure } from '../domain/failures.ts';
import { AnswerTooLarge, createBoundedFetch } from './bounded-fetch.ts';
import { classifyRefusal } from './classify.ts';
import type { ProviderAnswer } from './provider-answer.ts';

export interface EmbeddingClientOptions {
  readonly baseUrl: string;
  /** Whether the server is told `input_type: query | passage`. */
  readonly sendsInputType: boolean;
}

export interface EmbeddingRequest {
  readonly apiKey: string;
  readonly model: string;
  readonly inputs: readonly string[];
  readonly side: 'query' | 'passage';
  readonly timeoutMs: number;
}

export interface EmbeddingClient {
  /** One attempt. A vector an input, in the order of the inputs; all of one dimension and finite. Never throws. */
  embed(request: EmbeddingRequest): Promise<ProviderAnswer<readonly (readonly number[])[]>>;
}

const answerSchema = z.object({
  data: z.array(z.object({ index: z.number().int().nonnegative(), embedding: z.array(z.number()).min(1) })),
  usage: z.object({ prompt_tokens: z.number().int().nonnegative() }).optional(),
});

/** 256 inputs of 3,072 dimensions as JSON numbers are about 18 MB. */
const maxAnswerBytes = 64 * 1024 * 1024;

/** The OpenAI-compatible embedding API. Only the guard may use it. */
export function createEmbeddingClient(options: EmbeddingClientOptions): EmbeddingClient {
  const boundedFetch = createBoundedFetch(maxAnswerBytes);

  return {
    async embed(request) {
      const timeout = AbortSignal.timeout(request.timeoutMs);
      const client = new OpenAI({
        apiKey: request.apiKey,
        baseURL: options.baseUrl,
        organization: null,
        project: null,
        webhookSecret: null,
        // One attempt: the retries are Temporal's, where they are seen and bounded.
        maxRetries: 0,
        timeout: request.timeoutMs,
        // Its log lines hold bodies.
        logLevel: 'off',
        fetch: boundedFetch,
      });
      try {
        const answer: unknown = await client.post('/embeddings', {
          body: {
            model: request.model,
            input: request.inputs,
            // Asked for plainly: not every compatible server knows base64, the library's own default.
            encoding_format: 'float',
            ...(options.sendsInputType ? { input_type: request.side } : {}),
          },
          signal: timeout,
        });
        return readAnswer(answer, request.inputs.length);
      } catch (error) {
        return { kind: 'failed', ...classifyThrown(error, timeout.aborted) };
      }
    },
  };
}

function readAnswer(answer: unknown, inputs: number): ProviderAnswer<readonly (readonly number[])[]> {
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success || parsed.data.data.length !== inputs)
    return { kind: 'failed', code: 'malformed_response' };
  const vectors = new Map(parsed.data.data.map(({ index, embedding }) => [index, embedding]));
  const ordered = Array.from({ length: inputs }, (_, index) => vectors.get(index) ?? []);
  const dimensions = ordered[0]?.length ?? 0;
  // A zero vector has no direction: cosine distance to it is not a number.
  const usable = ordered.every(
    (vector) => vector.length === dimensions && vector.some((value) => value !== 0),
  );
  if (dimensions === 0 || !usable) return { kind: 'failed', code: 'malformed_response' };
  return {
    kind: 'ok',
    result: ordered,
    inputTokens: parsed.data.usage?.prompt_tokens ?? 0,
    outputTokens: 0,
  };
}

/** Total over any thrown value; of an error only its class, its status and known words are read. */
function classifyThrown(error: unknown, timedOut: boolean): Failure {
  if (timedOut || error instanceof OpenAI.APIConnectionTimeoutError) return { code: 'provider_timeout' };
  if (error instanceof OpenAI.APIConnectionError) {
    return { code: error.cause instanceof AnswerTooLarge ? 'malformed_response' : 'provider_unavailable' };
  }
  if (error instanceof OpenAI.APIUserAbortError) return { code: 'provider_timeout' };
  if (error instanceof OpenAI.APIError && typeof error.status === 'number') {
    const words = [error.code, error.type].filter((word) => typeof word === 'string');
    return classifyRefusal({ status: error.status, words, headers: error.headers ?? new Headers() });
  }
  // A 200 whose body is no JSON.
  if (error instanceof SyntaxError) return { code: 'malformed_response' };
  return { code: 'internal' };
}
