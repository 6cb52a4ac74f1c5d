import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { similarity } from '../../../src/proposals/similarity.ts';
import { calibrate } from '../../../src/proposals/similarity-calibration.ts';

const wide = 'text-embedding-3-small';
const crowded = 'multilingual-e5-small';

describe('similarity', () => {
  it('of one chunk is its cosine', () => {
    for (const cosine of [-1, 0, 0.879999, 0.88, 0.969999, 0.97, 1]) {
      expect(similarity(wide, [{ weight: 7, cosine }])).toBe(cosine);
    }
  });

  it('is the mean of the chunks by their length', () => {
    const chunks = [
      { weight: 3, cosine: 0.9 },
      { weight: 1, cosine: 0.5 },
    ];
    expect(similarity(wide, chunks)).toBe(0.8);
    expect(similarity(wide, [])).toBe(0);
  });

  it('stays below a duplicate while one chunk says something else, however small its share', () => {
    const known = { weight: 10_000, cosine: 1 };
    expect(similarity(wide, [known, { weight: 1, cosine: 0.969999 }])).toBe(0.969999);
    expect(similarity(crowded, [known, { weight: 1, cosine: 0.93 }])).toBeLessThan(0.97);
    expect(similarity(wide, [known, { weight: 1, cosine: 0.97 }])).toBeGreaterThan(0.97);
  });

  it('of equal texts is exactly 1, whatever the last digit of their cosines', () => {
    const chunks = [
      { weight: 3, cosine: 0.9999999 },
      { weight: 1, cosine: 1.0000001 },
    ];
    for (const model of [wide, crowded]) expect(similarity(model, chunks)).toBe(1);
  });
});

describe('the scale that all models share', () => {
  it('is the cosine for a model that spreads its vectors', () => {
    for (const model of [wide, 'voyage-3', 'not-multilingual-e5-small', 'multilingual-e5-smaller']) {
      expect(calibrate(model, 0.9)).toBe(0.9);
    }
  });

  it('puts a crowded model’s own bound of low novelty at the common one, under each of its names', () => {
    for (const model of [crowded, 'intfloat/multilingual-e5-small', 'multilingual-e5-small-passage']) {
      expect(calibrate(model, 0.925)).toBeCloseTo(0.88, 12);
      expect(calibrate(model, 0.9249)).toBeLessThan(0.88);
      expect(calibrate(model, 0.97)).toBe(0.97);
    }
  });

  it('keeps the order of cosines, and their limits', () => {
    const cosine = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(cosine, cosine, (one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        expect(calibrate(crowded, low)).toBeLessThanOrEqual(calibrate(crowded, high));
      }),
    );
    expect([-1, 0, 1].map((each) => calibrate(crowded, each))).toEqual([-1, 0, 1]);
  });
});
