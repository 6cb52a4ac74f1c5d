import OpenAI from 'openai';
import { z } from 'zod';
import type { Cost } from '../../domain/cost.ts';
import type { ProviderTarget } from '../../domain/provider-target.ts';
import { createBoundedFetch } from '../wire/bounded-fetch.ts';
import { classifyError, costOfError } from '../wire/classify-error.ts';
import type { ProviderAnswer } from '../wire/provider-answer.ts';
import {
  allowedAddressesOf,
  createProviderConnections,
  type ProviderConnections,
} from '../wire/provider-connections.ts';
import { watchSending } from '../wire/watch-sending.ts';

/** Texts to embed, by one call. */
export interface EmbeddingRequest {
  readonly apiKey: string;
  readonly target: ProviderTarget;
  readonly inputs: readonly string[];
  readonly side: 'query' | 'passage';
  readonly timeoutMs: number;
}

/** A client of an embedding API. */
export interface EmbeddingClient {
  /**
   * Makes one attempt. Returns one vector per input, in the order of the inputs; all are finite and of one dimension.
   * Never throws.
   */
  embed(request: EmbeddingRequest): Promise<ProviderAnswer<readonly (readonly number[])[]>>;
}

const answerSchema = z.object({
  data: z.array(z.object({ index: z.number().int().nonnegative(), embedding: z.array(z.number()).min(1) })),
});

/** Read apart from the vectors, because an answer that cannot be used is on the bill as well. */
const usageSchema = z.object({ usage: z.object({ prompt_tokens: z.number() }) });

/** 256 inputs of 3,072 dimensions as JSON numbers are about 18 MB. */
const maxAnswerBytes = 64 * 1024 * 1024;

/** Creates a client of an OpenAI-compatible embedding API. Only the guard may use it. */
export function createEmbeddingClient(
  { connections, providerUrls }: ProviderConnections = createProviderConnections(),
): EmbeddingClient {
  const fetchFor = (target: ProviderTarget) =>
    createBoundedFetch({
      maxBytes: maxAnswerBytes,
      requestHeaders: ['accept', 'authorization', 'content-type', 'user-agent'],
      connections,
      addresses: allowedAddressesOf(target, providerUrls),
    });

  return {
    async embed(request) {
      const timeout = AbortSignal.timeout(request.timeoutMs);
      const client = new OpenAI({
        apiKey: request.apiKey,
        baseURL: request.target.baseUrl,
        // The library reads absent ones from the environment, and would even send an admin key instead of the tenant's.
        adminAPIKey: null,
        organization: null,
        project: null,
        webhookSecret: null,
        // One attempt, because Temporal retries, visibly and within bounds.
        maxRetries: 0,
        timeout: request.timeoutMs,
        // The library's log lines hold bodies.
        logLevel: 'off',
        fetch: fetchFor(request.target),
      });
      return watchSending(async (wasSent) => {
        try {
          const answer: unknown = await client.post('/embeddings', {
            body: {
              model: request.target.model,
              input: request.inputs,
              // Named, because not every compatible server knows base64, the library's default.
              encoding_format: 'float',
              ...(request.target.inputStyle.kind === 'field'
                ? { [request.target.inputStyle.name]: request.target.inputStyle[request.side] }
                : {}),
            },
            headers: { Authorization: `Bearer ${request.apiKey}` },
            signal: timeout,
          });
          return readAnswer(answer, request.inputs.length);
        } catch (error) {
          const failure = classifyError(error, OpenAI, {
            timedOut: timeout.aborted,
            sent: wasSent(),
            bodyOf: (part) => ({ error: part }),
          });
          return { kind: 'failed', ...failure, cost: costOfError(error, wasSent()) };
        }
      });
    },
  };
}

/** The most dimensions that a column of vectors can hold. */
const maxDimensions = 16_000;

/**
 * Whether a vector is finite and not zero in single precision, as it is stored. A zero vector has no direction, so its
 * cosine distance is not a number.
 */
function isStorable(vector: readonly number[]): boolean {
  const stored = vector.map(Math.fround);
  return stored.every(Number.isFinite) && stored.some((value) => value !== 0);
}

function readAnswer(answer: unknown, inputs: number): ProviderAnswer<readonly (readonly number[])[]> {
  const cost = readCost(answer);
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success || parsed.data.data.length !== inputs)
    return { kind: 'failed', code: 'malformed_response', cost };
  const vectors = new Map(parsed.data.data.map(({ index, embedding }) => [index, embedding]));
  const ordered = Array.from({ length: inputs }, (_, index) => vectors.get(index) ?? []);
  const dimensions = ordered[0]?.length ?? 0;
  const usable = ordered.every((vector) => vector.length === dimensions && isStorable(vector));
  if (dimensions === 0 || dimensions > maxDimensions || !usable) {
    return { kind: 'failed', code: 'malformed_response', cost };
  }
  return { kind: 'ok', result: ordered, cost };
}

function readCost(answer: unknown): Cost {
  const { data } = usageSchema.safeParse(answer);
  return data === undefined
    ? { kind: 'unknown' }
    : { kind: 'told', inputTokens: data.usage.prompt_tokens, outputTokens: 0 };
}
