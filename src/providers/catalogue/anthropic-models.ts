/** How a model is asked to answer at once, without thinking first. What it thinks is on the bill and counts as part of its answer. */
type Thinking =
  /** It does not think unless it is asked to. */
  | 'unasked'
  /** It thinks by default, and a field of the request turns that off. */
  | 'disabled'
  | 'between_tools'
  /** It always thinks. */
  | 'always';

/** What is known of a model of Anthropic's. */
export interface AnthropicModel {
  readonly name: string;
  /** The most tokens that one answer can have. */
  readonly maxOutputTokens: number;
  /** The tokens that question and answer can have together. */
  readonly contextTokens: number;
  readonly thinking: Thinking;
  /** When the vendor's API ceases to serve it, as an ISO date, where that is announced. Afterwards it answers `not_found_error`. */
  readonly retires?: string;
}

const of5 = { maxOutputTokens: 128_000, contextTokens: 1_000_000 } as const;

/**
 * The models that the vendor's documentation listed in November 2026. They are data, since each is retired in the end; a model that
 * is not listed is asked all the same.
 */
export const anthropicModels: readonly AnthropicModel[] = [
  { name: 'claude-haiku-5-5', ...of5, thinking: 'disabled' },
  { name: 'claude-sonnet-5-5', ...of5, thinking: 'between_tools' },
  { name: 'claude-opus-5-5', ...of5, thinking: 'always' },
  { name: 'claude-fable-5-1', ...of5, thinking: 'always' },
  { name: 'claude-opus-5', ...of5, thinking: 'disabled' },
  { name: 'claude-sonnet-4-6', maxOutputTokens: 64_000, contextTokens: 200_000, thinking: 'unasked' },
  { name: 'claude-haiku-4-5', maxOutputTokens: 64_000, contextTokens: 200_000, thinking: 'unasked' },
  {
    ...{ name: 'claude-opus-4-5', maxOutputTokens: 64_000, contextTokens: 200_000 },
    ...{ thinking: 'unasked', retires: '2027-01-22' },
  },
  {
    ...{ name: 'claude-sonnet-4-5', maxOutputTokens: 64_000, contextTokens: 200_000 },
    ...{ thinking: 'unasked', retires: '2026-11-30' },
  },
];

/** Finds a model by its name or its dated name, such as `claude-haiku-4-5-20251001`. */
export const findAnthropicModel = (name: string): AnthropicModel | undefined =>
  anthropicModels.find((model) => model.name === name.replace(/-20\d{6}$/, ''));

/** Tokens that a model may think before it answers, where that cannot be turned off, or is not known. */
export const thinkingTokens = 8_000;

/** How a model is asked for an answer of so many tokens. */
export interface AnswerRoom {
  /** The request's `max_tokens`. */
  readonly maxTokens: number;
  /** The request's `thinking.type`; undefined leaves the field out. */
  readonly thinking: 'disabled' | 'between_tools' | undefined;
}

/** The room that a model needs for an answer of so many tokens: what it thinks comes on top. */
export function answerRoomOf(modelName: string, answerTokens: number): AnswerRoom {
  const model = findAnthropicModel(modelName);
  if (model === undefined) return { maxTokens: answerTokens + thinkingTokens, thinking: undefined };
  const { maxOutputTokens, thinking } = model;
  switch (thinking) {
    case 'unasked':
      return { maxTokens: Math.min(answerTokens, maxOutputTokens), thinking: undefined };
    case 'disabled':
    case 'between_tools':
      return { maxTokens: Math.min(answerTokens, maxOutputTokens), thinking };
    case 'always':
      return { maxTokens: Math.min(answerTokens + thinkingTokens, maxOutputTokens), thinking: undefined };
    default:
      return thinking satisfies never;
  }
}
