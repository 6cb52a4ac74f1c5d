import { quoteLexeme } from './query-text.ts';
import { furtherMark } from './word-forms.ts';

/** A tsvector counts positions up to here; those of longer texts begin again at 1. */
export const maxPosition = 16_383;

/** A title's, that of tags and category, a heading's, that of the rest. */
export type Weight = 'A' | 'B' | 'C' | 'D';

/** Collects the lexemes of a text. */
export interface WordsVector {
  readonly add: (lexeme: string, position: number, weight: Weight) => void;
  /** The text of a tsvector. */
  readonly text: () => string;
}

// A lexeme keeps 255 positions, and all together may have a megabyte less one byte.
const mostPositions = 255;
const mostBytes = 900_000;

// A frequent word has further lexemes for the positions that it has no place for, so that phrases find it in a long text too.
const mostFurther = Math.floor(maxPosition / mostPositions);

interface Entry {
  at: string;
  count: number;
  last: number;
  /** The number of its further lexemes. */
  further: number;
}

/** Creates an empty vector. What would make it longer than Postgres takes is left out, the first words of a text last. */
export function createWordsVector(): WordsVector {
  const entries = new Map<string, Entry>();
  let bytes = 0;
  const add = (lexeme: string, position: number, weight: Weight) => {
    const entry = entries.get(lexeme);
    if (entry === undefined) {
      const needed = Buffer.byteLength(lexeme) + 6;
      if (bytes + needed > mostBytes) return;
      bytes += needed;
      entries.set(lexeme, { at: placed(position, weight), count: 1, last: position, further: 0 });
      return;
    }
    if (entry.last === position || bytes + 2 > mostBytes) return;
    entry.last = position;
    if (entry.count === mostPositions) {
      addFurther(lexeme, entry, position, weight);
      return;
    }
    bytes += 2;
    entry.at += `,${placed(position, weight)}`;
    entry.count += 1;
  };
  const addFurther = (lexeme: string, entry: Entry, position: number, weight: Weight) => {
    const last = entries.get(furtherLexeme(lexeme, entry.further));
    if (last === undefined || last.count === mostPositions) {
      if (entry.further === mostFurther) return;
      entry.further += 1;
    }
    add(furtherLexeme(lexeme, entry.further), position, weight);
  };
  return {
    add,
    text: () => Array.from(entries, ([lexeme, { at }]) => `${quoteLexeme(lexeme)}:${at}`).join(' '),
  };
}

function furtherLexeme(lexeme: string, number: number): string {
  return lexeme + furtherMark + number;
}

function placed(position: number, weight: Weight): string {
  const at = ((position - 1) % maxPosition) + 1;
  return weight === 'D' ? String(at) : `${at}${weight}`;
}
