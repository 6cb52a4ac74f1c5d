import { maxPosition, wordsPerOffset } from '../../domain/words/analyze-text.ts';
import type { Window } from './windows.ts';

/** Where the words of an article's body stand. */
export interface BodyWords {
  /** The position of the body's first word. */
  readonly bodyFrom: number;
  /** Where every 64th word of the body starts, in characters. */
  readonly offsets: readonly number[];
}

/** A piece of a body, in characters. */
export interface Piece {
  readonly start: number;
  readonly length: number;
}

/** What is read before and behind a window, in words: a passage begins with a sentence if it can, and shows a whole row. */
const wordsBefore = 40;
const wordsBehind = 48;

/** The most characters of the pieces of a window together, but for the least of each. 64 words can have half a million of them. */
export const maxPieceCharacters = 16_000;
/** The characters that a piece may have, however many there are. */
const leastPieceCharacters = 2_000;
/** The most pieces in which a window is looked for. */
const maxTurns = 32;

/** The beginning of a body, which stands for a body in which nothing is marked. */
export const beginning: Piece = { start: 0, length: 600 };

/**
 * The pieces of a body where a window may stand, in their order. Positions of a text begin again at 1 behind the last one that a
 * tsvector can count, so in a text longer than that a window has a piece for each turn, and reading them tells which it is.
 */
export function piecesOf({ from, to }: Window, words: BodyWords): Piece[] {
  const count = words.offsets.length * wordsPerOffset;
  const pieces: Piece[] = [];
  for (let turn = 0; turn < maxTurns && turn * maxPosition < words.bodyFrom + count; turn += 1) {
    // The index of a word among those of the body.
    const index = (position: number) => position + turn * maxPosition - words.bodyFrom;
    if (index(to) < 0 || index(from) >= count) continue;
    const first = Math.max(0, Math.floor((index(from) - wordsBefore) / wordsPerOffset));
    const start = first === 0 ? 0 : words.offsets[first];
    if (start === undefined) continue;
    const end =
      words.offsets[Math.ceil((index(to) + wordsBehind) / wordsPerOffset)] ?? Number.POSITIVE_INFINITY;
    pieces.push({ start, length: end - start });
  }
  const most = Math.max(leastPieceCharacters, Math.floor(maxPieceCharacters / pieces.length));
  return pieces.map(({ start, length }) => ({ start, length: Math.min(most, length) }));
}
