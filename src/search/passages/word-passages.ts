import { setImmediate } from 'node:timers/promises';
import { maxHeadingCharacters } from '../../domain/heading-path.ts';
import type { Place } from '../../domain/words/outline.ts';
import { tokenize } from '../../domain/words/tokenize.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import { characterOf, type FoundPlace, findPlace, type MarkedPiece, markPiece } from './found-place.ts';
import { headingPathOf, headingsAbove, headingWords } from './headings.ts';
import { createMarker, type Marker, type Marks } from './marks.ts';
import { type BodyPiece, listMatchedWords, type MatchedWords } from './passages-read-model.ts';
import { createPieceReader, type PieceReader } from './piece-reader.ts';
import { beginning, type Piece, piecesOf } from './places.ts';
import { renderBeginning, renderPlaces } from './render.ts';
import { headerCharacters, isInHeader, tableAt } from './table-row.ts';
import { bestWindows, type Window } from './windows.ts';

/** A passage of an article's body. */
export interface Passage {
  /** Its text, with the marked words between the sentinels of snippet.ts. */
  readonly text: string;
  /** The headings above it, from the highest; null where there is none. */
  readonly heading: string | null;
  /** Where it is in the body, in characters. */
  readonly at: number;
  /** The table that it is a row of, and what stands at its start. */
  readonly table: { readonly at: number; readonly end: number; readonly head: string } | null;
}

/** The most parts of a passage, which stand apart in the body. */
const maxParts = 2;
/** The most headings and tables of a piece that are read together with it; further ones are read when they are needed. */
const maxReadAhead = 8;

/** The event loop is held so long at most, but for one text: a page of short texts takes less, and is made at once. */
const heldMs = 5;

/** An article whose passage is sought. */
interface Sought {
  readonly id: string;
  readonly words: MatchedWords | undefined;
  /** The windows with the most of the query, each with the pieces of the body where it may be. */
  readonly candidates: readonly { readonly window: Window; readonly pieces: readonly Piece[] }[];
}

/**
 * The passages of these articles that show the most of the query, by article id, wherever they stand. Only pieces of the bodies
 * are read: the words of an article say where.
 */
export async function listWordPassages(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
  marks: Marks,
): Promise<Map<string, Passage>> {
  const marker = createMarker(marks);
  const matched = await listMatchedWords(tx, tenantId, ids, marker);
  const sought = ids.map((id) => soughtIn(id, matched.get(id), marker));
  const reader = createPieceReader(tx, tenantId, bodiesOf(matched));
  await reader.load(sought.flatMap(piecesToRead));
  const found: (Sought & { readonly places: readonly FoundPlace[] })[] = [];
  let heldSinceMs = performance.now();
  for (const each of sought) {
    found.push({ ...each, places: placesIn(each, reader, marker) });
    // A hundred long texts keep the event loop for most of a second, so others have it in between.
    if (performance.now() - heldSinceMs < heldMs) continue;
    await setImmediate();
    heldSinceMs = performance.now();
  }
  await reader.load(
    found.flatMap(({ id, words, places }) => (words === undefined ? [] : aroundPlaces(id, words, places))),
  );
  return new Map(found.map((each) => [each.id, passageOf(each, each.places, reader, marker)]));
}

function bodiesOf(matched: ReadonlyMap<string, MatchedWords>): Map<string, string> {
  return new Map([...matched].flatMap(([id, { body }]) => (body === null ? [] : [[id, body]])));
}

function soughtIn(id: string, words: MatchedWords | undefined, marker: Marker): Sought {
  if (words === undefined) return { id, words, candidates: [] };
  const occurrences = words.found.flatMap(([lexeme, positions]) =>
    marker.marksOf(lexeme).flatMap((mark) => positions.map((position) => ({ ...mark, position }))),
  );
  const candidates = bestWindows(occurrences, marker.terms, maxParts).map((window) => ({
    window,
    pieces: piecesOf(window, words),
  }));
  return { id, words, candidates: joined(candidates) };
}

/** Two pieces that overlap are read as one, so that their words are counted once. */
function joined(candidates: Sought['candidates']): Sought['candidates'] {
  const [one, other] = candidates.map(({ pieces }) => (pieces.length === 1 ? pieces[0] : undefined));
  if (one === undefined || other === undefined) return candidates;
  const start = Math.min(one.start, other.start);
  const end = Math.max(one.start + one.length, other.start + other.length);
  if (end - start >= one.length + other.length) return candidates;
  return candidates.map(({ window }) => ({ window, pieces: [{ start, length: end - start }] }));
}

/** What is read first: the pieces, and what is likely to be needed of the headings and tables around them. */
function piecesToRead({ id, words, candidates }: Sought): BodyPiece[] {
  const pieces = candidates.flatMap(({ pieces }) => pieces);
  const read = pieces.length === 0 ? [beginning] : pieces;
  const around =
    words === undefined || read.length > maxParts ? [] : read.flatMap((piece) => aroundPiece(words, piece));
  return [...read, ...around].map((piece) => ({ ...piece, id }));
}

function aroundPiece({ headings, tables }: MatchedWords, { start, length }: Piece): Piece[] {
  const end = start + length;
  const within = headings.filter(([at]) => at > start && at < end).slice(0, maxReadAhead);
  return [
    ...[...headingsAbove(headings, start), ...within].map(headingPiece),
    ...tables
      .filter(([from, to]) => from < end && to > start)
      .slice(0, maxReadAhead)
      .map(headerPiece),
  ];
}

const headingPiece = ([at]: Place): Piece => ({ start: at, length: maxHeadingCharacters });
const headerPiece = ([at]: Place): Piece => ({ start: at, length: headerCharacters });

/** The headings and the tables that the places have indeed. */
function aroundPlaces(id: string, words: MatchedWords, places: readonly FoundPlace[]): BodyPiece[] {
  const at = places.map(characterOf);
  const tables = at.map((place) => tableAt(words.tables, place)).filter((table) => table !== undefined);
  const pieces = [...headingsAbove(words.headings, at[0] ?? 0).map(headingPiece), ...tables.map(headerPiece)];
  return pieces.map((piece) => ({ ...piece, id }));
}

/** The places that are shown, the best first. */
function placesIn({ id, words, candidates }: Sought, reader: PieceReader, marker: Marker): FoundPlace[] {
  const places: FoundPlace[] = [];
  for (const { window, pieces } of candidates) {
    const shown = places.flatMap(({ marks }) => marks);
    let best: FoundPlace | undefined;
    for (const piece of pieces) {
      const place = findPlace(readPiece(id, words, piece, reader, marker), marker, shown);
      if (place !== undefined && (best === undefined || place.score > best.score)) best = place;
      if (best !== undefined && best.score >= window.score) break;
    }
    if (best !== undefined) places.push(best);
  }
  return places;
}

function readPiece(
  id: string,
  words: MatchedWords | undefined,
  piece: Piece,
  reader: PieceReader,
  marker: Marker,
): MarkedPiece {
  const text = reader.textOf({ ...piece, id });
  const isEnd = countsLess(text, piece.length);
  const tokens = tokenize(text, words?.language ?? null);
  return markPiece({ text, tokens, isStart: piece.start === 0, isEnd }, piece.start, marker);
}

/** Whether a text has fewer characters than these. */
function countsLess(text: string, characters: number): boolean {
  return text.length < characters || (text.length < 2 * characters && Array.from(text).length < characters);
}

function passageOf(
  { id, words }: Sought,
  found: readonly FoundPlace[],
  reader: PieceReader,
  marker: Marker,
): Passage {
  const tableOf = (place: FoundPlace) => {
    const table = tableAt(words?.tables ?? [], characterOf(place));
    return table && { table, head: reader.textOf({ ...headerPiece(table), id }) };
  };
  // A row says more than the header above it, which is shown with it.
  const isHeader = (place: FoundPlace) => {
    const inTable = tableOf(place);
    return inTable !== undefined && isInHeader(characterOf(place), inTable.table, inTable.head);
  };
  const places = found.toSorted((left, right) => Number(isHeader(left)) - Number(isHeader(right)));
  const [best] = places;
  const at = best === undefined ? 0 : characterOf(best);
  const heading = headingPathOf(
    headingsAbove(words?.headings ?? [], at).map((place) =>
      headingWords(reader.textOf({ ...headingPiece(place), id })),
    ),
  );
  const text =
    best === undefined
      ? renderBeginning(readPiece(id, words, beginning, reader, marker))
      : renderPlaces(places, tableOf, words?.language ?? null, marker);
  const inTable = best && tableOf(best);
  const table = inTable ? { at: inTable.table[0], end: inTable.table[1], head: inTable.head } : null;
  return { text, heading, at, table };
}
