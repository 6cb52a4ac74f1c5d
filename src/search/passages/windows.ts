import type { Mark, MarkedTerm } from './marks.ts';

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

/** The part of a term's weight that any of its lexemes has; the rest is for all of them, as at the exact word or a whole phrase. */
const anyForm = 0.5;

/**
 * The windows of a text that show the most of the query, best first, at most `count`: the one with the most terms and forms, of equal
 * ones the closest, then the first. Each further one adds a term that those before do not show. The time is that of sorting the
 * occurrences, for each window.
 */
export function bestWindows(
  occurrences: readonly Occurrence[],
  terms: readonly MarkedTerm[],
  count: number,
  alreadyShown: readonly Mark[] = [],
): Window[] {
  const sorted = occurrences.toSorted((left, right) => left.position - right.position);
  const windows: Window[] = [];
  const shown = new Set(alreadyShown.map(({ term }) => term));
  while (windows.length < count) {
    const best = bestWindow(sorted, terms, shown);
    if (best === undefined || best.score <= 0) break;
    windows.push(best);
    for (const { term } of best.marks) shown.add(term);
  }
  return windows;
}

/** The window with the most that is not shown yet. */
function bestWindow(
  sorted: readonly Occurrence[],
  terms: readonly MarkedTerm[],
  shown: ReadonlySet<number>,
): Window | undefined {
  const counts = new Map<number, number>();
  const found = terms.map(() => 0);
  const worth = (term: number) => {
    const some = found[term] ?? 0;
    const { weight = 0, lexemes = 1 } = terms[term] ?? {};
    return some === 0 ? 0 : weight * (anyForm + ((1 - anyForm) * some) / lexemes);
  };
  let score = 0;
  const change = ({ id, term }: Mark, by: 1 | -1) => {
    const before = counts.get(id) ?? 0;
    counts.set(id, before + by);
    if (shown.has(term) || Math.max(before, before + by) > 1) return;
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
  { id, term }: Mark,
  counts: ReadonlyMap<number, number>,
  shown: ReadonlySet<number>,
): boolean {
  return shown.has(term) || (counts.get(id) ?? 0) > 1;
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
