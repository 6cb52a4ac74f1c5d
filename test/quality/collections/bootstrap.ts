/** A mean difference and the interval that holds the true one with 95 %. */
export interface Difference {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const samples = 2_000;

/**
 * The paired bootstrap of the difference between two series over the same queries: queries are drawn again with repeats, and the
 * middle 95 % of the means are the interval. Always the same for the same series.
 */
export function pairedDifference(one: readonly number[], other: readonly number[]): Difference {
  if (one.length !== other.length || one.length === 0) throw new Error('the series are of different queries');
  const differences = one.map((value, index) => value - (other[index] ?? 0));
  const next = createGenerator();
  const means = Array.from({ length: samples }, () => {
    let sum = 0;
    for (let drawn = 0; drawn < differences.length; drawn += 1) {
      sum += differences[Math.floor(next() * differences.length)] ?? 0;
    }
    return sum / differences.length;
  }).sort((left, right) => left - right);
  const at = (part: number) => means[Math.floor(part * (samples - 1))] ?? 0;
  return { mean: meanOf(differences), low: at(0.025), high: at(0.975) };
}

/** The mean of a series. */
export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Numbers from 0 to below 1, the same in each run (mulberry32). */
function createGenerator(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
