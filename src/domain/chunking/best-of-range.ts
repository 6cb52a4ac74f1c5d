/** The index of the best value of a range, `from` included and `to` not; undefined for an empty range. */
export type BestOfRange = (from: number, to: number) => number | undefined;

/**
 * A segment tree over values, which answers in logarithmic time where the highest of any range is. Of equal ones it is the
 * first or the last.
 */
export function createBestOfRange(values: Float64Array, of: 'first' | 'last'): BestOfRange {
  const size = values.length;
  const tree = new Uint32Array(2 * size);
  const better = (left: number, right: number) => {
    const difference = (values[left] ?? 0) - (values[right] ?? 0);
    if (difference !== 0) return difference > 0 ? left : right;
    return of === 'first' ? Math.min(left, right) : Math.max(left, right);
  };
  for (let index = 0; index < size; index += 1) tree[size + index] = index;
  for (let node = size - 1; node > 0; node -= 1) {
    tree[node] = better(tree[2 * node] ?? 0, tree[2 * node + 1] ?? 0);
  }
  return (from, to) => {
    if (from >= to) return undefined;
    let best = from;
    let low = size + from;
    let high = size + to;
    while (low < high) {
      if (low % 2 === 1) {
        best = better(best, tree[low] ?? best);
        low += 1;
      }
      if (high % 2 === 1) {
        high -= 1;
        best = better(best, tree[high] ?? best);
      }
      low >>>= 1;
      high >>>= 1;
    }
    return best;
  };
}
