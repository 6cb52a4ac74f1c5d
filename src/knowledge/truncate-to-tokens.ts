import { atoms, estimateTokens } from '../domain/tokens.ts';

/** A text that keeps to a number of tokens. */
export interface TruncatedText {
  /** As it stands, or its beginning. */
  readonly text: string;
  /** An upper estimate, rounded up. */
  readonly tokens: number;
  readonly truncated: boolean;
}

/**
 * No token is estimated for more characters than these (a run of blanks comes nearest): a text's first
 * `charactersPerToken * maxTokens` characters decide how `truncateToTokens` cuts it.
 */
export const charactersPerToken = 8;

/** Where a text may end, the best first: behind a paragraph, a line, a sentence, a word. */
const ends = [/\n[ \t\r]*\n/g, /\n/g, /[.!?]["'”’)\]]{0,4}\s|[。！？]["'”’」』）]{0,4}/g, /\s/g];

/**
 * The text whole where its estimate keeps to `maxTokens`; else its beginning, up to the best end in the second half of what
 * has room, so that nothing much is lost for the sake of a good end. Reads no further than that, whatever the length.
 */
export function truncateToTokens(text: string, maxTokens: number): TruncatedText {
  let tokens = 0;
  for (const atom of atoms(text)) {
    if (tokens + atom.tokens > maxTokens) return cut(text, atom.start);
    tokens += atom.tokens;
  }
  return { text, tokens: Math.ceil(tokens), truncated: false };
}

function cut(text: string, room: number): TruncatedText {
  const at = endWithin(text, room);
  const kept = text.slice(0, at).trimEnd();
  return { text: kept, tokens: Math.ceil(estimateTokens(kept)), truncated: true };
}

/** The best end in the second half of the text's first `room` characters; that place itself where there is none. */
function endWithin(text: string, room: number): number {
  // One character more: an end may lie just where the room does.
  const head = text.slice(0, room + 1);
  for (const end of ends) {
    let last = 0;
    for (const match of head.matchAll(end)) {
      // What is blank behind the end is left out.
      const at = match.index + match[0].trimEnd().length;
      if (at <= room) last = at;
    }
    if (last > room / 2) return last;
  }
  return room;
}
