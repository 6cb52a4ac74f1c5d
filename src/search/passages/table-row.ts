import { countCharacters } from '../../domain/characters.ts';
import type { Place } from '../../domain/words/outline.ts';
import type { FoundPlace } from './found-place.ts';
import { cutFragment, type Fragment } from './fragment.ts';

/** What is read at the start of a table: its header row and the row of dashes. */
export const headerCharacters = 600;
/** The most UTF-16 units of a row that are shown. */
const maxRow = 300;
/** The most of a header row that are shown: the matched row has to fit behind it. */
const maxHeader = 180;

/** A row of a table around a place. */
export interface TableRow {
  readonly fragment: Fragment;
  /** Whether it is a row of its own, not the header or what is left of one that the piece begins within. */
  readonly belowHeader: boolean;
}

/** The table that a place is in. */
export function tableAt(tables: readonly Place[], at: number): Place | undefined {
  return tables.find(([start, end]) => at >= start && at < end);
}

/** Whether a place is in the header row of its table, which `head` begins with. */
export function isInHeader(at: number, [start]: Place, head: string): boolean {
  const newline = head.indexOf('\n');
  return at < start + countCharacters(head, newline === -1 ? head.length : newline);
}

/** The best row of a place in a table: of the lines from its first word to its last the one with the most of the query. */
export function rowAt(place: FoundPlace, table: Place): TableRow {
  const { piece } = place;
  const { text } = piece;
  let best: { readonly from: number; readonly to: number; readonly terms: number } | undefined;
  let to: number;
  for (let from = lineStart(text, place.first.token.start); from <= place.last.token.start; from = to + 1) {
    const newline = text.indexOf('\n', from);
    to = newline === -1 ? text.length : newline;
    const terms = new Set<number>();
    for (const { token, marks } of piece.marked) {
      if (token.start >= from && token.start < to) for (const { term } of marks) terms.add(term);
    }
    if (best === undefined || terms.size > best.terms) best = { from, to, terms: terms.size };
  }
  const { from, to: end } = best ?? { from: 0, to: text.length };
  const belowHeader = piece.start + countCharacters(text, from) > table[0];
  const row = text.slice(from, end);
  const isWhole = (from > 0 || piece.isStart) && (end < text.length || piece.isEnd);
  if (isWhole && row.length <= maxRow) {
    const trimmed = from + row.length - row.trimStart().length;
    return {
      fragment: {
        start: trimmed,
        end: from + row.trimEnd().length,
        startsSentence: true,
        endsSentence: true,
      },
      belowHeader,
    };
  }
  const inRow = piece.marked.filter(({ token }) => token.start >= from && token.start < end);
  const [first, last] = [inRow[0] ?? place.first, inRow.at(-1) ?? place.last];
  return { fragment: cutFragment(piece, { first: first.index, last: last.index }, maxRow), belowHeader };
}

/** The header row, as it is shown in front of a row. */
export function headerRow(text: string): string {
  const line = text.split('\n', 1)[0]?.trim() ?? '';
  if (line.length <= maxHeader) return line;
  return `${Array.from(line.slice(0, maxHeader)).slice(0, -1).join('')}…`;
}

function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1;
}
