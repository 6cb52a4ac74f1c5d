import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import type { FailureCode } from '../../domain/failures.ts';
import type { CallOperation, CallSource, KeyReference } from '../../domain/operations.ts';
import { likelyTokens, tokenBound } from '../../domain/token-bound.ts';
import type { CandidateKey } from '../../llm-config/trial.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { CallResult, CallTokens, Claim } from '../call.ts';
import { answerRoomOf, thinkingTokens } from '../catalogue/anthropic-models.ts';
import type { Guard } from '../guard.ts';
import { startTime } from '../time-left.ts';
import type { ProviderAnswer } from '../wire/provider-answer.ts';
import type { ProviderConnections } from '../wire/provider-connections.ts';
import { type AnswerShape, answerShapeOf, inWords } from './answer-format.ts';
import { createAnthropicClient } from './anthropic-client.ts';
import { type ModelMessage, stopFailureOf } from './read-message.ts';

/** The answer of a model. */
export interface Message {
  readonly text: string;
  /** False when the answer was cut off at `maxOutputTokens`. */
  readonly complete: boolean;
}

/** A question to the model, by one guarded call. */
export interface MessageCall<K> {
  readonly tenantId: string;
  readonly source: CallSource;
  /** What the answer is for, as the ledger names it: `extraction`, `classification`, … */
  readonly operation: CallOperation;
  readonly subjectId?: string;
  /** See `CallRequest`. */
  readonly apiKeyId?: string | null;
  readonly system?: string;
  readonly prompt: string;
  /** The most tokens that the answer may have. */
  readonly maxOutputTokens: number;
  readonly timeoutMs: number;
  readonly evenIfRejected?: boolean;
  /** See `CallRequest`. */
  readonly candidate?: CandidateKey;
  persist(tx: Transaction, message: Message, key: KeyReference): Promise<K>;
}

/** A question whose answer is JSON of a schema, by one guarded call. */
export interface AskCall<A, K> {
  readonly tenantId: string;
  readonly source: CallSource;
  readonly operation: Exclude<CallOperation, 'embedding' | 'verification'>;
  readonly subjectId?: string;
  /** See `CallRequest`. */
  readonly apiKeyId?: string | null;
  /** The part of the question that is the same in each call of the operation. The provider may cache it. */
  readonly system: string;
  readonly prompt: string;
  /** The answer's shape. The provider gets it as a JSON schema, and the answer is parsed by it. */
  readonly answer: z.ZodType<A>;
  /** The most tokens that the answer may have. */
  readonly maxOutputTokens: number;
  readonly timeoutMs: number;
  /** See `CallRequest`. */
  readonly claim?: Claim;
  /** Stores the answer in the transaction that ends the call. */
  persist(tx: Transaction, answered: CallTokens & { readonly value: A }, key: KeyReference): Promise<K>;
  /** See `CallRequest`. */
  persistUnusable?(tx: Transaction, code: FailureCode, tokens: CallTokens): Promise<void>;
}

/** Anthropic through the guard. */
export interface GuardedAnthropic {
  /**
   * Makes one guarded call for an answer of the model that is JSON of a schema, on the tenant's own key. A model or a gateway that
   * refuses the schema as a field of the request is asked once more, by another guarded call, with the schema in the prompt.
   */
  ask<A, K>(call: AskCall<A, K>): Promise<CallResult<K>>;
  /** Makes one guarded call for an answer of the model, on the tenant's own key. */
  message<K>(request: MessageCall<K>): Promise<CallResult<K>>;
}

/** Tokens that the API adds to a prompt: roles, the beginning and end of each message, and what it says of a schema. */
const tokensAroundPrompt = 32;
const tokensAroundSchema = 1_000;

/** The fields of a request by which a provider takes a schema, as its refusals name them. */
const schemaFields = ['output_config', 'output_format'];

/** How many models are remembered that do not take a schema, and for how long: a gateway learns it some day. */
const wordsOnly = { max: 1_000, ttl: 24 * 3_600_000 };

/** Creates the guarded Anthropic. Only this file holds the provider client. */
export function createGuardedAnthropic(deps: {
  readonly guard: Guard;
  readonly connections: ProviderConnections;
}): GuardedAnthropic {
  const client = createAnthropicClient(deps.connections);
  const takesNoSchema = new LRUCache<string, true>(wordsOnly);

  /** One guarded call, and whether the provider refuses the schema that it was asked for. */
  const askOnce = async <A, K>(call: AskCall<A, K>, shape: AnswerShape<A>, timeoutMs: number) => {
    const { answer: _, system, prompt, persist, maxOutputTokens, ...request } = call;
    let asked: string | undefined;
    const bounds = tokensOf([system, prompt, inWords(shape.schema)], {
      ...{ answerTokens: maxOutputTokens, thinkingTokens, around: tokensAroundPrompt + tokensAroundSchema },
    });
    const result = await deps.guard.call<{ readonly value: A }, K>({
      ...request,
      ...bounds,
      timeoutMs,
      persist: (tx, { value }, key, tokens) => persist(tx, { value, ...tokens }, key),
      async send({ apiKey, target, timeoutMs: attemptMs }) {
        const name = `${target.baseUrl} ${target.model}`;
        const inField = !takesNoSchema.has(name);
        if (inField) asked = name;
        const said = await client.message({
          ...{ apiKey, target, prompt, timeoutMs: attemptMs },
          ...answerRoomOf(target.model, maxOutputTokens),
          ...(inField
            ? { system, schema: shape.schema }
            : { system: `${system}\n\n${inWords(shape.schema)}` }),
        });
        return answerIn(said, shape);
      },
    });
    const refusesSchema =
      asked !== undefined &&
      result.kind === 'failed' &&
      result.hint?.kind === 'parameter' &&
      schemaFields.includes(result.hint.name);
    if (asked !== undefined && refusesSchema) takesNoSchema.set(asked, true);
    return { result, refusesSchema };
  };

  return {
    async ask(call) {
      const shape = answerShapeOf(call.answer);
      const leftMs = startTime(call.timeoutMs);
      const { result, refusesSchema } = await askOnce(call, shape, call.timeoutMs);
      // The refusal was free, and has a call record of its own.
      const restMs = refusesSchema ? leftMs() : 0;
      return restMs === 0 ? result : (await askOnce(call, shape, restMs)).result;
    },

    message: ({ system, prompt, maxOutputTokens, ...request }) =>
      deps.guard.call({
        ...request,
        ...tokensOf([system ?? '', prompt], { answerTokens: maxOutputTokens }),
        send: async ({ apiKey, target, timeoutMs }) => {
          const said = await client.message({
            ...{ apiKey, target, prompt, timeoutMs },
            ...{ ...answerRoomOf(target.model, maxOutputTokens), maxTokens: maxOutputTokens },
            ...(system === undefined ? {} : { system }),
          });
          if (said.kind !== 'ok') return said;
          const { text, stopReason } = said.result;
          return { ...said, result: { text, complete: stopReason !== 'max_tokens' } };
        },
      }),
  };
}

/** The tokens of a call: at most, those of its answer among them, and by experience, which is of models that do not think first. */
function tokensOf(
  texts: readonly string[],
  {
    answerTokens,
    thinkingTokens: thought = 0,
    around = tokensAroundPrompt,
  }: { readonly answerTokens: number; readonly thinkingTokens?: number; readonly around?: number },
) {
  const sumOf = (countTokens: (text: string) => number) =>
    texts.reduce((sum, text) => sum + countTokens(text), around);
  const maxOutputTokens = answerTokens + thought;
  return {
    inputs: 1,
    maxTokens: sumOf(tokenBound) + maxOutputTokens,
    maxOutputTokens,
    likelyTokens: () => sumOf(likelyTokens) + answerTokens,
  };
}

/** What was asked for, out of what the model said. Why it stopped comes first: half of an answer may parse as well. */
function answerIn<A>(
  said: ProviderAnswer<ModelMessage>,
  shape: AnswerShape<A>,
): ProviderAnswer<{ readonly value: A }> {
  if (said.kind === 'failed') return said;
  const { cost, result } = said;
  const stopped = stopFailureOf(result.stopReason);
  if (stopped !== undefined) return { kind: 'failed', code: stopped, cost };
  const parsed = shape.parse(result.text);
  if (parsed === undefined) return { kind: 'failed', code: 'malformed_response', cost };
  return { kind: 'ok', result: parsed, cost };
}
