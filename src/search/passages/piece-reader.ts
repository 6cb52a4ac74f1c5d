import type { Transaction } from '../../platform/postgres/database.ts';
import { matchEnd, matchStart } from '../snippet.ts';
import { type BodyPiece, listPieces } from './passages-read-model.ts';

/** The signs of a snippet, which no article should contain. */
const sentinels = new RegExp(`[${matchStart}${matchEnd}]`, 'g');

/** Reads pieces of bodies, each once. */
export interface PieceReader {
  /** Reads those of these pieces that are not read yet, in one statement; none if there are none. */
  load(pieces: readonly BodyPiece[]): Promise<void>;
  /** The text of a piece that has been loaded. */
  textOf(piece: BodyPiece): string;
}

/** A reader for one search. */
export function createPieceReader(tx: Transaction, tenantId: string): PieceReader {
  const texts = new Map<string, string>();
  return {
    async load(pieces) {
      const missing = new Map(pieces.map((piece) => [keyOf(piece), piece]));
      for (const key of texts.keys()) missing.delete(key);
      if (missing.size === 0) return;
      const read = await listPieces(tx, tenantId, [...missing.values()]);
      [...missing.keys()].forEach((key, index) => {
        texts.set(key, (read[index] ?? '').replace(sentinels, ' '));
      });
    },
    textOf: (piece) => texts.get(keyOf(piece)) ?? '',
  };
}

function keyOf({ id, start, length }: BodyPiece): string {
  return `${id} ${start} ${length}`;
}
