import { z } from 'zod';
import type { Cost } from '../../domain/cost.ts';
import type { FailureCode } from '../../domain/failures.ts';
import type { ProviderTarget } from '../../domain/provider-target.ts';
import type { AnswerRoom } from '../catalogue/anthropic-models.ts';
import type { AnswerShape } from './answer-format.ts';

/** One question to the model. */
export interface MessageRequest {
  readonly apiKey: string;
  readonly target: ProviderTarget;
  readonly system?: string;
  readonly prompt: string;
  /** The shape that the answer must have, as JSON schema. */
  readonly schema?: AnswerShape<unknown>['schema'];
  /** The most tokens that the answer may have, those that the model thinks among them. */
  readonly maxTokens: number;
  /** See `AnswerRoom`. */
  readonly thinking: AnswerRoom['thinking'];
  readonly timeoutMs: number;
}

/** What a model said, and why it stopped. */
export interface ModelMessage {
  readonly text: string;
  readonly stopReason: string | null;
}

const messageSchema = z.object({
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

/** Reads a message of the API; undefined where it is none. */
export function readMessage(body: unknown): ModelMessage | undefined {
  const { data } = messageSchema.safeParse(body);
  return data && { text: data.content.map(({ text }) => text).join(''), stopReason: data.stop_reason };
}

/** Reads what an answer cost. Tokens read from a cache or written to it are input too, and are billed. */
export function readCost(body: unknown): Cost {
  const { data } = usageSchema.safeParse(body);
  if (data === undefined) return { kind: 'unknown' };
  const { input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens } = data.usage;
  return {
    kind: 'told',
    inputTokens: input_tokens + (cache_creation_input_tokens ?? 0) + (cache_read_input_tokens ?? 0),
    outputTokens: output_tokens,
  };
}

/** Why an answer that was asked for whole is not, by its stop reason; undefined for one that is whole. */
export function stopFailureOf(stopReason: string | null): FailureCode | undefined {
  switch (stopReason) {
    case 'end_turn':
    case 'stop_sequence':
      return undefined;
    case 'refusal':
      return 'answer_refused';
    case 'max_tokens':
    // Question and answer together have filled the context: like an answer of the greatest length, it is whole for half the text.
    case 'model_context_window_exceeded':
      return 'answer_cut';
    // `pause_turn` and `tool_use` belong to tools, which are never offered; there is nothing that a next turn would go on with.
    default:
      return 'malformed_response';
  }
}
