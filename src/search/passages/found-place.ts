import { countCharacters } from '../../domain/characters.ts';
import { cutFragment, type Fragment, type ReadPiece } from './fragment.ts';
import { listMarked, type MarkedToken } from './mark-text.ts';
import type { Mark, Marker } from './marks.ts';
import { bestWindows } from './windows.ts';

/** A piece of a body with its marked words, and where it begins in the body, in characters. */
export interface MarkedPiece extends ReadPiece {
  readonly start: number;
  readonly marked: readonly MarkedToken[];
}

/** The best place of a piece: its marked words, from the first to the last. */
export interface FoundPlace {
  readonly piece: MarkedPiece;
  readonly first: MarkedToken;
  readonly last: MarkedToken;
  readonly score: number;
  readonly marks: readonly Mark[];
}

/** Marks the words of a piece. */
export function markPiece(piece: ReadPiece, start: number, marker: Marker): MarkedPiece {
  return { ...piece, start, marked: listMarked(piece.tokens, marker) };
}

/** The place of a piece with the most of the query that is not shown yet; undefined when nothing more is marked there. */
export function findPlace(
  piece: MarkedPiece,
  marker: Marker,
  shown: readonly Mark[] = [],
): FoundPlace | undefined {
  const occurrences = piece.marked.flatMap(({ token: { position }, marks }) =>
    marks.map((mark) => ({ ...mark, position })),
  );
  const [best] = bestWindows(occurrences, marker.terms, 1, shown);
  if (best === undefined) return undefined;
  const within = piece.marked.filter(
    ({ token: { position } }) => position >= best.from && position <= best.to,
  );
  const [first, last] = [within[0], within.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  return { piece, first, last, score: best.score, marks: best.marks };
}

/** The passage around a place. */
export function fragmentAt({ piece, first, last }: FoundPlace, characters: number): Fragment {
  return cutFragment(piece, { first: first.index, last: last.index }, characters);
}

/** Where a place is in its body, in characters. */
export function characterOf({ piece, first }: FoundPlace): number {
  return piece.start + countCharacters(piece.text, first.token.start);
}
