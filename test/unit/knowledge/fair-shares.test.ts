import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fairShares } from '../../../src/knowledge/fair-shares.ts';

describe('fair shares', () => {
  it('give small needs what they need, and the rest to the others alike', () => {
    expect(fairShares([10, 500, 20, 500], 430)).toEqual([10, 200, 20, 200]);
    expect(fairShares([10, 20], 100)).toEqual([10, 20]);
    expect(fairShares([100, 100, 100], 30)).toEqual([10, 10, 10]);
    expect(fairShares([], 30)).toEqual([]);
  });

  it('are never more than the total, nor than a need, and leave over only what cannot be divided', () => {
    const needs = fc.array(fc.nat(1_000), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(needs, fc.nat(20_000), (needs, total) => {
        const shares = fairShares(needs, total);
        const sum = shares.reduce((before, share) => before + share, 0);
        expect(sum).toBeLessThanOrEqual(total);
        expect(shares.every((share, index) => share <= (needs[index] ?? 0))).toBe(true);
        const hungry = shares.filter((share, index) => share < (needs[index] ?? 0));
        if (hungry.length > 0) expect(total - sum).toBe(0);
        expect(Math.max(0, ...hungry) - Math.min(...hungry, Number.POSITIVE_INFINITY)).toBeLessThanOrEqual(1);
      }),
    );
  });
});
