import type { Token } from '../../domain/words/tokenize.ts';
import { matchEnd, matchStart } from '../snippet.ts';
import type { Mark, Marker } from './marks.ts';

/** A word of a text that has marks. */
export interface MarkedToken {
  /** Its place among the tokens. */
  readonly index: number;
  readonly token: Token;
  readonly marks: readonly Mark[];
}

/** The tokens that are marked, in their order. */
export function listMarked(tokens: readonly Token[], marker: Marker): MarkedToken[] {
  return tokens.flatMap((token, index) => {
    const marks = token.lexemes.flatMap((lexeme) => marker.marksOf(lexeme));
    return marks.length === 0 ? [] : [{ index, token, marks }];
  });
}

/**
 * The part of a text from `start` to `end` with its marked words between the sentinels of snippet.ts. Words that overlap, as
 * those of a script without blanks do, are marked as one.
 */
export function markText(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  marked: readonly MarkedToken[],
): string {
  let result = '';
  let at = start;
  let until: number | undefined;
  for (const { token } of marked) {
    const [from, to] = [Math.max(start, token.start), Math.min(end, token.end)];
    if (to <= from) continue;
    if (until === undefined || from > until) {
      if (until !== undefined) {
        result += text.slice(at, until) + matchEnd;
        at = until;
      }
      result += text.slice(at, from) + matchStart;
      at = from;
      until = to;
    } else until = Math.max(until, to);
  }
  if (until === undefined) return result + text.slice(at, end);
  return result + text.slice(at, until) + matchEnd + text.slice(until, end);
}
