import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleEvenly } from '../../../src/proposals/text.ts';

describe('a few of many', () => {
  it.each([
    [10, 3, [0, 4, 7]],
    [9, 4, [0, 3, 5, 7]],
    [5, 1, [0]],
    [3, 3, [0, 1, 2]],
    [3, 8, [0, 1, 2]],
    [0, 3, []],
  ])('%i by %i are %j', (all, count, chosen) => {
    expect(sampleEvenly(numbers(all), count)).toEqual(chosen);
  });

  it('are as many as are asked for, in their order, and no two gaps differ by more than one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 300 }), (all, count) => {
        const chosen = sampleEvenly(numbers(all), count);
        expect(chosen).toHaveLength(Math.min(all, count));
        const ends = [...chosen.slice(1), all];
        const gaps = chosen.map((at, index) => (ends[index] ?? 0) - at);
        expect(Math.min(...gaps)).toBeGreaterThan(0);
        expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

function numbers(count: number) {
  return Array.from({ length: count }, (_, at) => at);
}
