import { atoms, estimateTokens } from '../domain/tokens.ts';

/** A text that has been fitted into a number of tokens. */
export interface TruncatedText {
  /** The whole text or its beginning. */
  readonly text: string;
  /** An upper estimate, rounded up. */
  readonly tokens: number;
  readonly truncated: boolean;
}

/**
 * The most characters that the estimate counts as one token (a run of blanks comes nearest to it). So the first
 * `charactersPerToken * maxTokens` characters of a text decide where `truncateToTokens` cuts it.
 */
export const charactersPerToken = 8;

/** Where a text may be cut, the best first: after a paragraph, a line, a sentence, a word. */
export const ends = [/\n[ \t\r]*\n/g, /\n/g, /[.!?]["'”’)\]]{0,4}\s|[。！？]["'”’」』）]{0,4}/g, /\s/g];

/**
 * Returns the whole text if it fits into `maxTokens`, else its beginning. The cut is at the best end in the second half of
 * what fits, so that a good end costs at most half of the text. The text behind is not read, however long it is.
 */
export function truncateToTokens(text: string, maxTokens: number): TruncatedText {
  // In hundredths, as the estimate counts: a sum of fractions comes out a little above or below.
  let hundredths = 0;
  for (const atom of atoms(text)) {
    hundredths += Math.round(atom.tokens * 100);
    if (hundredths > maxTokens * 100) return cut(text, atom.start);
  }
  return { text, tokens: Math.ceil(hundredths / 100), truncated: false };
}

function cut(text: string, room: number): TruncatedText {
  const at = endWithin(text, room);
  const kept = text.slice(0, at).trimEnd();
  return { text: kept, tokens: Math.ceil(estimateTokens(kept)), truncated: true };
}

/** The best end in the second half of the text's first `room` characters; `room` itself when there is none. */
function endWithin(text: string, room: number): number {
  // One character more, because an end may be exactly at `room`.
  const head = text.slice(0, room + 1);
  for (const end of ends) {
    let last = 0;
    for (const match of head.matchAll(end)) {
      // The blanks after the end are left out.
      const at = match.index + match[0].trimEnd().length;
      if (at <= room) last = at;
    }
    if (last > room / 2) return last;
  }
  return room;
}
