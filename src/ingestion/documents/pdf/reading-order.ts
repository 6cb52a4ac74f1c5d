import type { TextPiece } from './text-piece.ts';

/** A page is divided into so many columns at most: each division halves again. */
const maxDivisions = 3;
/** What a column of text has: several lines on either side, of some length, that fill it, and few lines across the gap. */
const leastLines = 4;
const leastPart = 0.2;
const mostAcross = 0.25;
const leastLetters = 15;
const leastFilled = 0.5;

/**
 * Puts the stretches of a page into the order in which they are read: columns one after the other, lines across them in between.
 * The cells of a table stay in their rows: they are short, or do not fill their column.
 */
export function inReadingOrder(stretches: readonly TextPiece[], divisions = 0): TextPiece[] {
  const gap = divisions < maxDivisions ? columnGapOf(stretches) : undefined;
  if (gap === undefined) return rowsOf(stretches);
  const ordered: TextPiece[] = [];
  let left: TextPiece[] = [];
  let right: TextPiece[] = [];
  const flush = () => {
    for (const column of [left, right])
      for (const piece of inReadingOrder(column, divisions + 1)) ordered.push(piece);
    left = [];
    right = [];
  };
  for (const stretch of stretches) {
    if (stretch.right <= gap) left.push(stretch);
    else if (stretch.left >= gap) right.push(stretch);
    else {
      flush();
      ordered.push(stretch);
    }
  }
  flush();
  return ordered;
}

/** Where the page's text is divided into two columns; undefined where it is not. Sorts, and searches for each end of a stretch. */
function columnGapOf(stretches: readonly TextPiece[]): number | undefined {
  const lefts = stretches.map(({ left }) => left).toSorted((one, other) => one - other);
  const rights = stretches.map(({ right }) => right).toSorted((one, other) => one - other);
  let best: { readonly at: number; readonly across: number } | undefined;
  for (let index = 0; index < rights.length; index += 1) {
    const at = rights[index] ?? 0;
    if (rights[index + 1] === at) continue;
    const before = index + 1;
    const behind = lefts.length - countBelow(lefts, at);
    const across = stretches.length - before - behind;
    if (Math.min(before, behind) < Math.max(leastLines, stretches.length * leastPart)) continue;
    if (across <= stretches.length * mostAcross && across <= (best?.across ?? across)) best = { at, across };
  }
  if (best === undefined) return undefined;
  const { at } = best;
  const sides = [stretches.filter(({ right }) => right <= at), stretches.filter(({ left }) => left >= at)];
  return sides.every(isColumn) ? at : undefined;
}

function isColumn(stretches: readonly TextPiece[]): boolean {
  const left = stretches.reduce((least, piece) => Math.min(least, piece.left), Number.POSITIVE_INFINITY);
  const right = stretches.reduce((most, piece) => Math.max(most, piece.right), 0);
  const letters = median(stretches.map(({ text }) => text.length));
  const width = median(stretches.map((piece) => piece.right - piece.left));
  return letters >= leastLetters && width >= (right - left) * leastFilled;
}

/** Joins the stretches of one line, such as the cells of a row. */
function rowsOf(stretches: readonly TextPiece[]): TextPiece[] {
  const rows: TextPiece[] = [];
  for (const stretch of stretches) {
    const before = rows.at(-1);
    if (before === undefined || before.y !== stretch.y || stretch.left < before.right) rows.push(stretch);
    else rows[rows.length - 1] = { ...before, text: `${before.text}  ${stretch.text}`, right: stretch.right };
  }
  return rows;
}

function countBelow(sorted: readonly number[], bound: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The middle one of some numbers. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? 0;
}
