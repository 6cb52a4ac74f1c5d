import type { Place } from '../../domain/words/outline.ts';
import { tokenize } from '../../domain/words/tokenize.ts';
import { characterOf, type FoundPlace, fragmentAt, type MarkedPiece } from './found-place.ts';
import { cutFragment, type Fragment } from './fragment.ts';
import { listMarked, markText } from './mark-text.ts';
import type { Marker } from './marks.ts';
import { headerRow, rowAt } from './table-row.ts';

/** The most UTF-16 units of a passage of one part, and of each of two parts. */
const [wholeLength, partLength] = [440, 240];

interface Part {
  readonly place: FoundPlace;
  readonly at: number;
  readonly fragment: Fragment;
  /** The header row that is shown in front of a row. */
  readonly header: string;
  /** Where the table begins whose header row this is. */
  readonly isHeaderOf: number | undefined;
  readonly table: number | undefined;
}

/** The text of the beginning of a body. */
export function renderBeginning(piece: MarkedPiece): string {
  const { text, tokens, marked } = piece;
  if (tokens.length === 0) return text;
  const fragment = cutFragment(piece, { first: 0, last: 0 }, wholeLength);
  return withDots(fragment, markText(text, fragment, marked), fragment);
}

/** The text of a passage of the given places, the best of which comes first in the list; the text has them in their order. */
export function renderPlaces(
  places: readonly FoundPlace[],
  tableOf: (place: FoundPlace) => { readonly table: Place; readonly head: string } | undefined,
  language: string | null,
  marker: Marker,
): string {
  const parts: Part[] = [];
  for (const place of places) {
    const inTable = tableOf(place);
    const at = characterOf(place);
    let fragment: Fragment;
    let header = '';
    let isHeaderOf: number | undefined;
    if (inTable === undefined) fragment = fragmentAt(place, places.length > 1 ? partLength : wholeLength);
    else {
      const row = rowAt(place, inTable.table);
      fragment = row.fragment;
      if (!row.belowHeader) isHeaderOf = inTable.table[0];
      else {
        const line = headerRow(inTable.head);
        const marked = listMarked(tokenize(line, language), marker);
        header = markText(line, { start: 0, end: line.length }, marked);
      }
    }
    parts.push({ place, at, fragment, header, isHeaderOf, table: inTable?.table[0] });
  }
  // A header row comes in front of the rows of its table anyway.
  const apart = parts.filter(
    ({ isHeaderOf }) =>
      isHeaderOf === undefined || !parts.some(({ table, header }) => table === isHeaderOf && header !== ''),
  );
  const inOrder = withoutOverlap(apart).toSorted((left, right) => left.at - right.at);
  const [first, last] = [inOrder[0], inOrder.at(-1)];
  if (first === undefined || last === undefined) return '';
  let text = '';
  inOrder.forEach(({ place: { piece }, fragment, header }, index) => {
    const before = inOrder[index - 1];
    const goesOn = before?.place.piece.text === piece.text && before.fragment.end === fragment.start;
    if (before !== undefined && !goesOn) text += ' … ';
    if (header !== '' && header !== before?.header) text += `${header} … `;
    text += markText(piece.text, fragment, piece.marked);
  });
  return withDots(first.header === '' ? first.fragment : undefined, text, last.fragment);
}

/** The parts without what the first of them shows already. */
function withoutOverlap([best, ...others]: readonly Part[]): Part[] {
  if (best === undefined) return [];
  const { start, end } = best.fragment;
  const apart = others.flatMap((part) => {
    if (part.place.piece.text !== best.place.piece.text) return [part];
    const { fragment } = part;
    if (fragment.end <= start || fragment.start >= end) return [part];
    if (part.at < best.at && fragment.start < start) {
      return [{ ...part, fragment: { ...fragment, end: start, endsSentence: false } }];
    }
    if (part.at > best.at && fragment.end > end) {
      return [{ ...part, fragment: { ...fragment, start: end, startsSentence: false } }];
    }
    return [];
  });
  return [best, ...apart];
}

function withDots(first: Fragment | undefined, text: string, last: Fragment): string {
  const before = first === undefined || first.startsSentence ? '' : '… ';
  return `${before}${text}${last.endsSentence ? '' : ' …'}`;
}
