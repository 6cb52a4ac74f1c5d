import { beginningOf, jsonTokens } from './answer-bound.ts';

export interface TextPage {
  readonly text: string;
  /** Where it begins: the offset that was asked for, or the end of a shorter text. */
  readonly offset: number;
  /** Where the next page begins; null on the last. */
  readonly nextOffset: number | null;
}

/** A page of a text, from `offset` on. Pages follow each other without a gap, and none begins or ends within a character. */
export function pageOfText(
  text: string,
  bounds: { readonly offset: number; readonly maxCharacters: number; readonly maxTokens: number },
): TextPage {
  const offset = characterStart(text, Math.min(bounds.offset, text.length));
  const rest = text.slice(offset, characterStart(text, offset + bounds.maxCharacters));
  const page = jsonTokens(rest) <= bounds.maxTokens ? rest : beginningOf(rest, bounds.maxTokens);
  const end = offset + page.length;
  return { text: page, offset, nextOffset: end < text.length ? end : null };
}

/** The position itself, or the one before it within a surrogate pair. */
function characterStart(text: string, at: number): number {
  return /^[\udc00-\udfff]$/.test(text.charAt(at)) && at > 0 ? at - 1 : at;
}
