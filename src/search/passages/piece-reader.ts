import { offsetOf } from '../../domain/characters.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import { matchEnd, matchStart } from '../snippet.ts';
import { type BodyPiece, listPieces } from './passages-read-model.ts';
import type { Piece } from './places.ts';

/** The signs of a snippet, which no article should contain. */
const sentinels = new RegExp(`[${matchStart}${matchEnd}]`, 'g');

/** Reads pieces of bodies, each once. */
export interface PieceReader {
  /** Reads those of these pieces that are not read yet, in one statement; none if there are none. */
  load(pieces: readonly BodyPiece[]): Promise<void>;
  /** The text of a piece that has been loaded. */
  textOf(piece: BodyPiece): string;
}

/** A reader for one search. Of articles whose whole bodies are given, no piece is read. */
export function createPieceReader(
  tx: Transaction,
  tenantId: string,
  bodies: ReadonlyMap<string, string>,
): PieceReader {
  const texts = new Map<string, string>();
  const cuts = new Map([...bodies].map(([id, body]) => [id, createCut(body)]));
  return {
    async load(pieces) {
      const missing = new Map(pieces.filter(({ id }) => !cuts.has(id)).map((piece) => [keyOf(piece), piece]));
      for (const key of texts.keys()) missing.delete(key);
      if (missing.size === 0) return;
      const read = await listPieces(tx, tenantId, [...missing.values()]);
      [...missing.keys()].forEach((key, index) => {
        texts.set(key, withoutSentinels(read[index] ?? ''));
      });
    },
    textOf(piece) {
      const cut = cuts.get(piece.id);
      return cut === undefined ? (texts.get(keyOf(piece)) ?? '') : cut(piece);
    },
  };
}

const withoutSentinels = (text: string) => text.replace(sentinels, ' ');

/** Cuts pieces out of a text, in characters, as the database does. */
function createCut(body: string): (piece: Piece) => string {
  const isOfUnits = !/[\uD800-\uDBFF]/.test(body);
  return ({ start, length }) => {
    if (isOfUnits) return withoutSentinels(body.slice(start, start + length));
    const from = offsetOf(body, start);
    const rest = body.slice(from, from + 2 * length);
    return withoutSentinels(rest.slice(0, offsetOf(rest, length)));
  };
}

function keyOf({ id, start, length }: BodyPiece): string {
  return `${id} ${start} ${length}`;
}
