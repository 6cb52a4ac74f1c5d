import Anthropic from '@anthropic-ai/sdk';
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
import { createRefusalReader } from '../wire/refusal-reader.ts';
import { watchSending } from '../wire/watch-sending.ts';

/** One question to the model. */
export interface MessageRequest {
  readonly apiKey: string;
  readonly target: ProviderTarget;
  readonly system?: string;
  readonly prompt: string;
  /** The most tokens that the answer may have. */
  readonly maxTokens: number;
  readonly timeoutMs: number;
}

/** The answer of a model. */
export interface Message {
  readonly text: string;
  /** False when the answer was cut off at `maxTokens`. */
  readonly complete: boolean;
}

/** A client of Anthropic's API. */
export interface AnthropicClient {
  /** Makes one attempt. Returns the text of the model's answer. Never throws. */
  message(request: MessageRequest): Promise<ProviderAnswer<Message>>;
}

const answerSchema = z.object({
  type: z.literal('message'),
  // Blocks other than text (thinking, tool use) hold nothing that was asked for.
  content: z.array(
    z.union([
      z.object({ type: z.literal('text'), text: z.string() }),
      z
        .object({ type: z.string().refine((type) => type !== 'text') })
        .transform(() => ({ type: 'other' as const, text: '' })),
    ]),
  ),
  stop_reason: z.string().nullable(),
});

/** Read apart from the text, because an answer that cannot be used is on the bill as well. */
const usageSchema = z.object({
  usage: z.object({
    input_tokens: z.number(),
    output_tokens: z.number(),
    cache_creation_input_tokens: z.number().nullish(),
    cache_read_input_tokens: z.number().nullish(),
  }),
});

/** Anthropic means the key by a permission that it lacks. */
const ownWords = { permission_error: 'credential_rejected' } as const;

/** The longest answer of any model is well below this. */
const maxAnswerBytes = 8 * 1024 * 1024;

/** Creates a client of Anthropic's Messages API. Only the guard may use it. */
export function createAnthropicClient(
  { connections, providerUrls }: ProviderConnections = createProviderConnections(),
): AnthropicClient {
  const fetchFor = (target: ProviderTarget) =>
    createBoundedFetch({
      maxBytes: maxAnswerBytes,
      requestHeaders: ['accept', 'anthropic-version', 'content-type', 'user-agent', 'x-api-key'],
      connections,
      addresses: allowedAddressesOf(target, providerUrls),
    });

  return {
    async message({ apiKey, target, system, prompt, maxTokens, timeoutMs }) {
      const timeout = AbortSignal.timeout(timeoutMs);
      const refusals = createRefusalReader(fetchFor(target));
      const client = new Anthropic({
        // With an explicit key the library does not look for one in the environment and the home directory.
        apiKey,
        // The API's own header for keys. The library's bearer token, which gateways may not know, is not sent: it is
        // not among the headers above.
        defaultHeaders: { 'x-api-key': apiKey },
        baseURL: target.baseUrl,
        webhookKey: null,
        // One attempt, because Temporal retries, visibly and within bounds.
        maxRetries: 0,
        timeout: timeoutMs,
        // The library's log lines and spans hold bodies.
        logLevel: 'off',
        openTelemetry: false,
        fetch: refusals.fetch,
      });
      return watchSending(async (wasSent) => {
        try {
          const answer: unknown = await client.post('/v1/messages', {
            body: {
              model: target.model,
              max_tokens: maxTokens,
              ...(system === undefined ? {} : { system }),
              messages: [{ role: 'user', content: prompt }],
            },
            signal: timeout,
          });
          return readAnswer(answer);
        } catch (error) {
          const failure = classifyError(error, Anthropic, {
            timedOut: timeout.aborted,
            sent: wasSent(),
            bodyOf: refusals.body,
            vendorWords: ownWords,
          });
          return { kind: 'failed', ...failure, cost: costOfError(error, wasSent()) };
        }
      });
    },
  };
}

function readAnswer(answer: unknown): ProviderAnswer<Message> {
  const cost = readCost(answer);
  const parsed = answerSchema.safeParse(answer);
  if (!parsed.success) return { kind: 'failed', code: 'malformed_response', cost };
  const { content, stop_reason } = parsed.data;
  return {
    kind: 'ok',
    result: { text: content.map(({ text }) => text).join(''), complete: stop_reason !== 'max_tokens' },
    cost,
  };
}

function readCost(answer: unknown): Cost {
  const { data } = usageSchema.safeParse(answer);
  if (data === undefined) return { kind: 'unknown' };
  const { input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens } = data.usage;
  return {
    kind: 'told',
    // Tokens read from a cache or written to it are input too, and are billed.
    inputTokens: input_tokens + (cache_creation_input_tokens ?? 0) + (cache_read_input_tokens ?? 0),
    outputTokens: output_tokens,
  };
}
