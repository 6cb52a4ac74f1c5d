import fc from 'fast-check';
import { expect, it } from 'vitest';
import { affordable, maxNumbers } from '../../../src/proposals/comparison-budget.ts';
import { aChunk } from '../../support/a-chunk.ts';

it('lets no more be compared than is bounded, and never nothing', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 256 }),
      fc.integer({ min: 0, max: 20_000 }),
      fc.integer({ min: 1, max: 4_000 }),
      (count, articleChunks, dimensions) => {
        const pairs = count * articleChunks;
        const { length } = affordable(chunksOf(count), { dimensions, articleChunks, pairs });
        expect(length).toBeGreaterThan(0);
        if (pairs * dimensions <= maxNumbers) expect(length).toBe(count);
        else if (length > 1) expect(length * articleChunks * dimensions).toBeLessThanOrEqual(maxNumbers);
      },
    ),
  );
});

it('takes them from all over the text', () => {
  const size = { dimensions: 1_000, articleChunks: 50_000, pairs: 9 * 50_000 };
  expect(affordable(chunksOf(9), size).map(({ position }) => position)).toEqual([0, 3, 6]);
});

function chunksOf(count: number) {
  return Array.from({ length: count }, (_, position) => aChunk({ position, hash: `${position}` }));
}
