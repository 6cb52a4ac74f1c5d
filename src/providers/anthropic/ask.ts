import { LRUCache } from 'lru-cache';
import type { z } from 'zod';
import type { FailureCode } from '../../domain/failures.ts';
import type { BackgroundTimeout, CallOperation, CallSource, KeyReference } from '../../domain/operations.ts';
import { likelyTokens, tokenBound } from '../../domain/token-bound.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { CallResult, CallTokens, Claim } from '../call.ts';
import { answerRoomOf, thinkingTokens } from '../catalogue/anthropic-models.ts';
import type { Guard } from '../guard.ts';
import { startTime } from '../time-left.ts';
import type { ProviderAnswer } from '../wire/provider-answer.ts';
import { type AnswerShape, answerShapeOf, inWords } from './answer-format.ts';
import { type MessageRequest, type ModelMessage, stopFailureOf } from './message.ts';

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
  /** By default the time that the operator gives the operation in the background. */
  readonly timeoutMs?: number;
  /** See `CallRequest`. */
  readonly claim?: Claim;
  /** See `CallRequest`. */
  prepare?(answer: A): Promise<void>;
  /** Stores the answer in the transaction that ends the call. */
  persist(tx: Transaction, answered: CallTokens & { readonly value: A }, key: KeyReference): Promise<K>;
  /** See `CallRequest`. */
  persistUnusable?(tx: Transaction, code: FailureCode, tokens: CallTokens): Promise<void>;
}

/** See `GuardedAnthropic`. */
export type Ask = <A, K>(call: AskCall<A, K>) => Promise<CallResult<K>>;

/** Tokens that the API adds to a prompt: roles, the beginning and end of each message, and what it says of a schema. */
const tokensAroundPrompt = 32;
const tokensAroundSchema = 1_000;

/** The fields of a request by which a provider takes a schema, as its refusals name them. */
const schemaFields = ['output_config', 'output_format'];

/** How many models are remembered that do not take a schema, and for how long: a gateway learns it some day. */
const wordsOnly = { max: 1_000, ttl: 24 * 3_600_000 };

/** Creates the questions whose answer has a schema. `say` makes one attempt. */
export function createAsk({
  guard,
  backgroundTimeoutMs,
  say,
}: {
  readonly guard: Pick<Guard, 'call'>;
  readonly backgroundTimeoutMs: BackgroundTimeout;
  say(request: MessageRequest): Promise<ProviderAnswer<ModelMessage>>;
}): Ask {
  const takesNoSchema = new LRUCache<string, true>(wordsOnly);

  /** One guarded call, and whether the provider refuses the schema that it was asked for. */
  const askOnce = async <A, K>(call: AskCall<A, K>, shape: AnswerShape<A>, timeoutMs: number) => {
    const { answer: _, system, prompt, prepare, persist, maxOutputTokens, ...request } = call;
    let asked: string | undefined;
    const bounds = tokensOf([system, prompt, inWords(shape.schema)], {
      ...{ answerTokens: maxOutputTokens, thinkingTokens, around: tokensAroundPrompt + tokensAroundSchema },
    });
    const result = await guard.call<{ readonly value: A }, K>({
      ...request,
      ...bounds,
      timeoutMs,
      prepare: async ({ value }) => prepare?.(value),
      persist: (tx, { value }, key, tokens) => persist(tx, { value, ...tokens }, key),
      async send({ apiKey, target, timeoutMs: attemptMs }) {
        const name = `${target.baseUrl} ${target.model}`;
        const inField = !takesNoSchema.has(name);
        if (inField) asked = name;
        const said = await say({
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

  return async (call) => {
    const shape = answerShapeOf(call.answer);
    const timeoutMs = call.timeoutMs ?? backgroundTimeoutMs(call.operation);
    const leftMs = startTime(timeoutMs);
    const { result, refusesSchema } = await askOnce(call, shape, timeoutMs);
    // The refusal was free, and has a call record of its own.
    const restMs = refusesSchema ? leftMs() : 0;
    return restMs === 0 ? result : (await askOnce(call, shape, restMs)).result;
  };
}

/** The tokens of a call: at most, those of its answer among them, and by experience, which is of models that do not think first. */
export function tokensOf(
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
