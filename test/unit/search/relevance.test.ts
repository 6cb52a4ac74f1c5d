import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Calibration,
  type Evidence,
  leastRelevant,
  relevanceOf,
} from '../../../src/search/relevance.ts';

/** As the samples are in the space of the local model. */
const samples: Calibration = {
  mean: 0.79,
  unrelated: 0.838,
  related: 0.905,
  relatedPairs: 100,
  articles: 40,
};

/** The relevance of a hit in the query's own language. */
const relevance = (evidence: Omit<Evidence, 'foreignness'>, calibration: Calibration | undefined) =>
  relevanceOf({ ...evidence, foreignness: 0 }, calibration);

describe('the relevance of a hit', () => {
  it('is high where its text is nearer than texts of the tenant usually are to each other', () => {
    expect(relevance({ similarity: 0.9, part: 0 }, samples)).toBeGreaterThan(leastRelevant);
    expect(relevance({ similarity: 0.82, part: 0 }, samples)).toBeLessThan(0.2);
  });

  it('rises with the part of the query that the article has', () => {
    const of = (part: number) => relevance({ similarity: 0.845, part }, samples);
    expect(of(0)).toBeLessThan(leastRelevant);
    expect(of(0.6)).toBeGreaterThan(leastRelevant);
  });

  it('is high with the whole query, however far the vector', () => {
    expect(relevance({ similarity: 0.7, part: 1 }, samples)).toBeGreaterThan(0.9);
  });

  it('by words alone needs half of the query', () => {
    expect(relevance({ similarity: null, part: 0.6 }, undefined)).toBeGreaterThan(leastRelevant);
    expect(relevance({ similarity: null, part: 0.4 }, undefined)).toBeLessThan(leastRelevant);
  });

  it('means the same in a space whose similarities are spread otherwise', () => {
    const wide = (similarity: number) => 1 - (1 - similarity) * 4;
    const calibration: Calibration = {
      mean: wide(0.79),
      unrelated: wide(0.838),
      related: wide(0.905),
      ...{ relatedPairs: 100, articles: 40 },
    };
    for (const similarity of [0.8, 0.85, 0.9]) {
      expect(relevance({ similarity: wide(similarity), part: 0.3 }, calibration)).toBeCloseTo(
        relevance({ similarity, part: 0.3 }, samples),
      );
    }
  });

  it('is lower among more articles, of which some are near by chance', () => {
    const of = (articles: number) => relevance({ similarity: 0.86, part: null }, { ...samples, articles });
    expect(of(10_000)).toBeLessThan(of(40));
  });

  it('is not denied where there is one article alone, with nothing to compare it with', () => {
    const alone = { ...samples, unrelated: null, articles: 1 };
    expect(relevance({ similarity: 0.8, part: null }, alone)).toBe(leastRelevant);
  });

  it('asks for less nearness of an article in another language, where all texts are of one field', () => {
    const of = (foreignness: number, calibration: Calibration) =>
      relevanceOf({ similarity: 0.835, part: 0, foreignness }, calibration);
    expect(of(0, samples)).toBeLessThan(leastRelevant);
    expect(of(1, samples)).toBeGreaterThan(leastRelevant);
    const many = { ...samples, unrelated: 0.72, related: 0.93 };
    expect(of(1, many)).toBe(of(0, many));
  });

  it('is higher for a query that is near to all texts, where they are of one field', () => {
    const of = (mean: number) => relevance({ similarity: 0.84, part: 0 }, { ...samples, mean });
    expect(of(0.82)).toBeGreaterThan(leastRelevant);
    expect(of(0.76)).toBeLessThan(0.2);
  });

  it('takes passages of one article to be as alike as usual, where few were compared', () => {
    const of = (related: number | null, relatedPairs: number) =>
      relevance({ similarity: 0.85, part: 0 }, { ...samples, related, relatedPairs });
    expect(of(0.99, 0)).toBe(of(null, 0));
    expect(Math.abs(of(0.99, 1) - of(null, 0))).toBeLessThan(Math.abs(of(0.99, 100) - of(null, 0)));
  });

  it('is a number from 0 to 1 in every space, and never falls with similarity or words', () => {
    const part = fc.double({ min: 0, max: 1, noNaN: true });
    const similarity = fc.double({ min: -1, max: 1, noNaN: true });
    const calibration = fc.record({
      mean: similarity,
      unrelated: fc.option(similarity),
      related: fc.option(similarity),
      relatedPairs: fc.nat({ max: 128 }),
      articles: fc.nat(),
    });
    fc.assert(
      fc.property(
        part,
        similarity,
        calibration,
        part,
        part,
        similarity,
        (words, near, of, foreignness, more, nearer) => {
          const value = relevanceOf({ similarity: near, part: words, foreignness }, of);
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
          const better = { similarity: Math.max(near, nearer), part: Math.max(words, more), foreignness };
          expect(relevanceOf(better, of)).toBeGreaterThanOrEqual(value);
        },
      ),
    );
  });
});
