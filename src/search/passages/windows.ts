import type { Mark } from './marks.ts';

/** A word of a text that has a mark. */
export interface Occurrence extends Mark {
  readonly position: number;
}

/** A part of a text, by the positions of its first and last marked word. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly score: number;
  readonly marks: readonly Mark[];
}

/** The number of words that a passage shows. */
export const windowWords = 30;

/** What any form of a term counts; the rest is for all of its forms, as at the exact word, and all the words of a phrase. */
const anyForm = 0.5;

/**
 * The windows of a text that show the most of the query, best first, at most `count`: the one with the most terms and forms, of equal
 * ones the closest, then the first. Each further one adds a term that those before do not show. The time is that of sorting the
 * occurrences, for each window.
 */
export function bestWindows(
  occurrences: readonly Occurrence[],
  forms: readonly number[],
  count: number,
  alreadyShown: readonly Mark[] = [],
): Window[] {
  const sorted = occurrences.toSorted((left, right) => left.position - right.position);
  const windows: Window[] = [];
  const shown = new Map(alreadyShown.map(({ id, term }) => [id, term]));
  while (windows.length < count) {
    const best = bestWindow(sorted, forms, shown);
    if (best === undefined || best.score < anyForm) break;
    windows.push(best);
    for (const { id, term } of best.marks) shown.set(id, term);
  }
  return windows;
}

/** The window with the most that is not shown yet. */
function bestWindow(
  sorted: readonly Occurrence[],
  forms: readonly number[],
  shown: ReadonlyMap<number, number>,
): Window | undefined {
  const counts = new Map<number, number>();
  const found = forms.map(() => 0);
  for (const term of shown.values()) found[term] = (found[term] ?? 0) + 1;
  const worth = (term: number) => {
    const some = found[term] ?? 0;
    return some === 0 ? 0 : anyForm + ((1 - anyForm) * some) / Math.max(1, forms[term] ?? 1);
  };
  let score = 0;
  const change = ({ id, term }: Mark, by: 1 | -1) => {
    const before = counts.get(id) ?? 0;
    counts.set(id, before + by);
    if (shown.has(id) || Math.max(before, before + by) > 1) return;
    score -= worth(term);
    found[term] = (found[term] ?? 0) + by;
    score += worth(term);
  };
  let best: { from: number; to: number; first: number; last: number; score: number } | undefined;
  let first = 0;
  sorted.forEach((occurrence, last) => {
    change(occurrence, 1);
    let start = sorted[first];
    while (start !== undefined && occurrence.position - start.position >= windowWords) {
      change(start, -1);
      first += 1;
      start = sorted[first];
    }
    // What stands again further on in the window makes it no better where it begins.
    while (start !== undefined && first < last && isIdle(start, counts, shown)) {
      change(start, -1);
      first += 1;
      start = sorted[first];
    }
    if (start === undefined) return;
    const found = { from: start.position, to: occurrence.position, first, last, score };
    if (best === undefined || isBetter(found, best)) best = found;
  });
  if (best === undefined) return undefined;
  const { from, to } = best;
  return { from, to, score: best.score, marks: sorted.slice(best.first, best.last + 1) };
}

function isIdle(
  { id }: Mark,
  counts: ReadonlyMap<number, number>,
  shown: ReadonlyMap<number, number>,
): boolean {
  return shown.has(id) || (counts.get(id) ?? 0) > 1;
}

interface Extent {
  readonly from: number;
  readonly to: number;
  readonly score: number;
}

function isBetter(left: Extent, right: Extent): boolean {
  const more = left.score - right.score;
  if (Math.abs(more) > 1e-9) return more > 0;
  return left.to - left.from < right.to - right.from;
}
