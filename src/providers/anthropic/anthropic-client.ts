import type { Anthropic } from '@anthropic-ai/sdk';
import type { ProviderTarget } from '../../domain/provider-target.ts';
import { createBoundedFetch } from '../wire/bounded-fetch.ts';
import { classifyError, costOfError } from '../wire/classify-error.ts';
import type { ProviderAnswer } from '../wire/provider-answer.ts';
import { allowedAddressesOf, type ProviderConnections } from '../wire/provider-connections.ts';
import { createRefusalReader } from '../wire/refusal-reader.ts';
import { watchSending } from '../wire/watch-sending.ts';
import { type MessageRequest, type ModelMessage, readCost, readMessage } from './message.ts';

/** A client of Anthropic's API. */
export interface AnthropicClient {
  /** Makes one attempt. Returns what the model said, whole or not. Never throws. */
  message(request: MessageRequest): Promise<ProviderAnswer<ModelMessage>>;
}

/** The longest answer of any model is well below this. */
const maxAnswerBytes = 8 * 1024 * 1024;

/** Loads the library with the first question: it takes 20 MB, and most processes ask none. */
const loadLibrary = async () => {
  const [{ Anthropic }, { transformJSONSchema }] = await Promise.all([
    import('@anthropic-ai/sdk'),
    import('@anthropic-ai/sdk/lib/transform-json-schema'),
  ]);
  return { Anthropic, transformJSONSchema };
};

type Library = Awaited<ReturnType<typeof loadLibrary>>;

/** Creates a client of Anthropic's Messages API. Only the guard may use it. */
export function createAnthropicClient({ connections, providerUrls }: ProviderConnections): AnthropicClient {
  const fetchFor = (target: ProviderTarget) =>
    createBoundedFetch({
      maxBytes: maxAnswerBytes,
      requestHeaders: ['accept', 'anthropic-version', 'content-type', 'user-agent', 'x-api-key'],
      connections,
      addresses: allowedAddressesOf(target, providerUrls),
    });

  return {
    async message({ apiKey, target, timeoutMs, ...question }) {
      const { Anthropic, transformJSONSchema } = await loadLibrary();
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
            body: bodyOf(target.model, question, transformJSONSchema),
            signal: timeout,
          });
          return readAnswer(answer);
        } catch (error) {
          const failure = classifyError(error, Anthropic, {
            timedOut: timeout.aborted,
            sent: wasSent(),
            bodyOf: refusals.body,
          });
          return { kind: 'failed', ...failure, cost: costOfError(error, wasSent()) };
        }
      });
    },
  };
}

/** The body of a request. The stable part of the question comes first and is marked, so that the provider may cache it. */
function bodyOf(
  model: string,
  { system, prompt, schema, maxTokens, thinking }: Omit<MessageRequest, 'apiKey' | 'target' | 'timeoutMs'>,
  schemaForm: Library['transformJSONSchema'],
): Anthropic.MessageCreateParamsNonStreaming {
  return {
    model,
    max_tokens: maxTokens,
    ...(system === undefined
      ? {}
      : { system: [{ type: 'text', text: system, cache_control: { type: 'ephemeral' } }] }),
    messages: [{ role: 'user', content: prompt }],
    ...(thinking === undefined ? {} : { thinking: { type: thinking } }),
    ...(schema === undefined
      ? {}
      : { output_config: { format: { type: 'json_schema', schema: schemaForm(schema) } } }),
  };
}

function readAnswer(body: unknown): ProviderAnswer<ModelMessage> {
  const cost = readCost(body);
  const result = readMessage(body);
  return result === undefined
    ? { kind: 'failed', code: 'malformed_response', cost }
    : { kind: 'ok', result, cost };
}
