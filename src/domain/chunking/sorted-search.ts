/** The first index whose value is `least` or more, by halving; `count` where there is none. The values ascend. */
export function indexFrom(values: Uint32Array | Float64Array, count: number, least: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
