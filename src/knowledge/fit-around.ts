import { atoms, estimateTokens } from '../domain/tokens.ts';
import { ends, truncateToTokens } from './truncate-to-tokens.ts';

/** The part of a text around a place. */
export interface FittedText {
  readonly text: string;
  /** Where it begins in the text, in UTF-16 units. */
  readonly start: number;
  /** An upper estimate, rounded up. */
  readonly tokens: number;
  /** Whether something in front of it or behind it was left out. */
  readonly truncated: boolean;
}

/** The share of the tokens for what stands in front of the place. It is more where less stands behind. */
const partBefore = 1 / 3;

/**
 * Returns the whole text if it fits into `maxTokens`, else the part around `at`. It begins after a paragraph, line, sentence or word
 * that ends in the first half of what fits in front of `at`, and ends as `truncateToTokens` does.
 */
export function fitAround(text: string, at: number, maxTokens: number): FittedText {
  const whole = truncateToTokens(text, maxTokens);
  if (!whole.truncated) return { ...whole, start: 0 };
  const behind = truncateToTokens(text.slice(at), maxTokens);
  const room = behind.truncated
    ? maxTokens * partBefore
    : Math.max(maxTokens * partBefore, maxTokens - behind.tokens);
  const earliest = startWithin(text, at, room);
  const start = earliest === 0 ? 0 : goodStart(text, earliest, at);
  const { text: kept, tokens } = truncateToTokens(text.slice(start), maxTokens);
  return { text: kept, start, tokens, truncated: true };
}

/** The first atom from which on the text in front of `at` fits into `maxTokens`. */
function startWithin(text: string, at: number, maxTokens: number): number {
  const before = [...atoms(text.slice(0, at))];
  let tokens = 0;
  for (let index = before.length - 1; index >= 0; index -= 1) {
    const atom = before[index];
    tokens += atom?.tokens ?? 0;
    if (tokens > maxTokens) return before[index + 1]?.start ?? at;
  }
  return 0;
}

/** The best beginning in the first half of the text from `from` to `at`: the first behind the best kind of end. */
function goodStart(text: string, from: number, at: number): number {
  const before = text.slice(from, at);
  for (const end of ends) {
    for (const match of before.matchAll(end)) {
      const start = match.index + match[0].length;
      if (start > before.length / 2) break;
      return from + start;
    }
  }
  return from;
}

/** The tokens of a text, counted up to `most`. */
export function tokensUpTo(text: string, most: number): number {
  const { truncated, tokens } = truncateToTokens(text, most);
  return truncated ? most : tokens;
}

/** The tokens of a heading or a title. */
export function tokensOf(text: string): number {
  return Math.ceil(estimateTokens(text));
}
