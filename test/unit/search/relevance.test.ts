import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Calibration, leastRelevant, relevanceOf } from '../../../src/search/relevance.ts';

/** As the samples are in the space of the local model. */
const samples: Calibration = { mean: 0.79, unrelated: 0.838, related: 0.905, articles: 40 };

describe('the relevance of a hit', () => {
  it('is high where its text is nearer than texts of the tenant usually are to each other', () => {
    expect(relevanceOf({ similarity: 0.9, part: 0 }, samples)).toBeGreaterThan(leastRelevant);
    expect(relevanceOf({ similarity: 0.82, part: 0 }, samples)).toBeLessThan(0.2);
  });

  it('rises with the part of the query that the article has', () => {
    const of = (part: number) => relevanceOf({ similarity: 0.845, part }, samples);
    expect(of(0)).toBeLessThan(leastRelevant);
    expect(of(0.6)).toBeGreaterThan(leastRelevant);
  });

  it('is high with the whole query, however far the vector', () => {
    expect(relevanceOf({ similarity: 0.7, part: 1 }, samples)).toBeGreaterThan(0.9);
  });

  it('by words alone needs half of the query', () => {
    expect(relevanceOf({ similarity: null, part: 0.6 }, undefined)).toBeGreaterThan(leastRelevant);
    expect(relevanceOf({ similarity: null, part: 0.4 }, undefined)).toBeLessThan(leastRelevant);
  });

  it('means the same in a space whose similarities are spread otherwise', () => {
    const wide = (similarity: number) => 1 - (1 - similarity) * 4;
    const calibration: Calibration = {
      mean: wide(0.79),
      unrelated: wide(0.838),
      related: wide(0.905),
      articles: 40,
    };
    for (const similarity of [0.8, 0.85, 0.9]) {
      expect(relevanceOf({ similarity: wide(similarity), part: 0.3 }, calibration)).toBeCloseTo(
        relevanceOf({ similarity, part: 0.3 }, samples),
      );
    }
  });

  it('is lower among more articles, of which some are near by chance', () => {
    const of = (articles: number) => relevanceOf({ similarity: 0.86, part: null }, { ...samples, articles });
    expect(of(10_000)).toBeLessThan(of(40));
  });

  it('is not denied where there is one article alone, with nothing to compare it with', () => {
    const alone = { ...samples, unrelated: null, articles: 1 };
    expect(relevanceOf({ similarity: 0.8, part: null }, alone)).toBe(leastRelevant);
  });

  it('is a number from 0 to 1 in every space, and never falls with similarity or words', () => {
    const part = fc.double({ min: 0, max: 1, noNaN: true });
    const similarity = fc.double({ min: -1, max: 1, noNaN: true });
    const calibration = fc.record({
      mean: similarity,
      unrelated: fc.option(similarity),
      related: fc.option(similarity),
      articles: fc.nat(),
    });
    fc.assert(
      fc.property(part, similarity, calibration, part, similarity, (words, near, of, more, nearer) => {
        const relevance = relevanceOf({ similarity: near, part: words }, of);
        expect(relevance).toBeGreaterThanOrEqual(0);
        expect(relevance).toBeLessThanOrEqual(1);
        const better = { similarity: Math.max(near, nearer), part: Math.max(words, more) };
        expect(relevanceOf(better, of)).toBeGreaterThanOrEqual(relevance);
      }),
    );
  });
});
