import { createBestOfRange } from './best-of-range.ts';
import { markCuts } from './cut-marks.ts';
import type { RankedCuts } from './ranked-cuts.ts';
import { indexFrom } from './sorted-search.ts';

/** The index of the best cut between two weights; undefined where there is none. */
export type BestCut = (fromWeight: number, toWeight: number) => number | undefined;

const rankStep = 2 ** 32;

/**
 * Finds the best cut of a span: the highest rank, then the lowest mark, then the most central, at least `margin` from both ends.
 * A chunk of a few words alone matches badly. Each answer costs a logarithm of the text's length.
 */
export function createBestCut(text: string, cuts: RankedCuts, margin: number): BestCut {
  const { count, ranks, weights } = cuts;
  const marks = markCuts(text, cuts);
  const values = new Float64Array(count);
  for (let index = 0; index < count; index += 1) {
    values[index] = (ranks[index] ?? 0) * rankStep - (marks[index] ?? 0);
  }
  const first = createBestOfRange(values, 'first');
  const last = createBestOfRange(values, 'last');

  return (fromWeight, toWeight) => {
    // Weights are whole numbers, so the first index beyond a weight is that of the next number.
    const centre = (fromWeight + toWeight) / 2;
    const low = indexFrom(weights, count, fromWeight + margin);
    const high = indexFrom(weights, count, toWeight - margin + 1);
    const middle = Math.min(high, Math.max(low, indexFrom(weights, count, centre)));
    const left = last(low, middle);
    const right = first(middle, high);
    if (left === undefined || right === undefined) return left ?? right;
    const difference = (values[left] ?? 0) - (values[right] ?? 0);
    if (difference !== 0) return difference > 0 ? left : right;
    return centre - (weights[left] ?? 0) <= (weights[right] ?? 0) - centre ? left : right;
  };
}
