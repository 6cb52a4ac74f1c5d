import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ByMeaning, type ByWords, fuse, matchedIn } from '../../../src/search/fusion.ts';

describe('the fusion of words and meaning', () => {
  it('puts what both have before the first of either', () => {
    const fused = fuse(
      byWords(1, ['word', 0.45, 0.5], ['both', 0.4, 0.5]),
      byMeaning(['near', 0.8], ['both', 0.75], ['far', 0.5]),
    );
    expect(fused.map(({ id }) => id)).toEqual(['both', 'near', 'word', 'far']);
    expect(fused[0]?.ranks).toEqual({ keyword: 2, semantic: 2 });
    expect(fused[2]?.ranks).toEqual({ keyword: 1, semantic: null });
  });

  it('says which rankings have it, keyword first', () => {
    expect(matchedIn({ keyword: 7, semantic: 1 })).toEqual(['keyword', 'semantic']);
    expect(matchedIn({ keyword: null, semantic: 1 })).toEqual(['semantic']);
  });

  it('counts words for less where other words of the query are in no article', () => {
    const near = byMeaning(['a', 0.8], ['b', 0.75], ['c', 0.7]);
    expect(fuse(byWords(1, ['c', 0.4, 0.55]), near)[0]?.id).toBe('c');
    expect(fuse(byWords(0.3, ['c', 0.4, 0.17]), near)[0]?.id).toBe('a');
  });

  it('counts nearness above what texts in the language of the article usually have', () => {
    const hits = [
      { id: 'own', similarity: 0.8, language: 'en' },
      { id: 'unknown', similarity: 0.78, language: null },
      { id: 'other', similarity: 0.75, language: 'de' },
    ];
    const order = (en: number, de: number) =>
      fuse(byWords(0), {
        hits,
        ...{ mean: 0.6, spread: 0.1 },
        means: new Map(Object.entries({ en, de })),
      }).map(({ id }) => id);
    expect(order(0.6, 0.6)).toEqual(['own', 'unknown', 'other']);
    expect(order(0.65, 0.5)).toEqual(['other', 'unknown', 'own']);
  });

  it('takes what only words have to be as near as the last of the nearest, by its language', () => {
    const near: ByMeaning = {
      hits: [
        { id: 'de', similarity: 0.8, language: 'de' },
        { id: 'en', similarity: 0.7, language: 'en' },
      ],
      ...{ mean: 0.6, spread: 0.1, means: new Map(Object.entries({ de: 0.75, en: 0.5 })) },
    };
    const fused = fuse(byWords(1, ['word', 0, 0]), near);
    expect(fused.map(({ id }) => id)).toEqual(['en', 'de', 'word']);
    expect(fused[2]?.score).toBe(fused[1]?.score);
  });

  it('keeps the order of a ranking that is alone', () => {
    const near = byMeaning(['c', 0.9], ['a', 0.8], ['b', 0.7]);
    expect(fuse(byWords(0), near).map(({ id }) => id)).toEqual(['c', 'a', 'b']);
    const words = byWords(1, ['c', 0.9, 1], ['a', 0.8, 1], ['b', 0.7, 1]);
    expect(fuse(words, byMeaning()).map(({ id }) => id)).toEqual(['c', 'a', 'b']);
  });

  it('orders equal scores by id', () => {
    expect(fuse(byWords(0), byMeaning(['b', 0.7], ['a', 0.7])).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('keeps what has nearly all of the words among the first three, however many are nearer', () => {
    const near = byMeaning(['a', 0.9], ['b', 0.89], ['c', 0.88], ['d', 0.87], ['sure', 0.4]);
    const top = (share: number) => fuse(byWords(1, ['sure', 0.05, share]), near).map(({ id }) => id);
    expect(top(0.6)).toEqual(['a', 'b', 'sure', 'c', 'd']);
    expect(top(0.5)).toEqual(['a', 'b', 'c', 'd', 'sure']);
  });

  it('keeps what is by far the nearest among the first three, however many have the words', () => {
    const found = byWords(1, ...['a', 'b', 'c', 'd'].map((each) => [each, 0.9, 1] as const));
    const top = (similarity: number) =>
      fuse(found, byMeaning(['near', similarity], ['far', 0.5])).map(({ id }) => id);
    expect(top(0.75)).toEqual(['a', 'b', 'near', 'c', 'd', 'far']);
    expect(top(0.65)).toEqual(['a', 'b', 'c', 'd', 'near', 'far']);
  });

  it('holds every id once, best first, with a score from 0 to 1, and is always the same', () => {
    fc.assert(
      fc.property(words, meaning, (found, near) => {
        const fused = fuse(found, near);
        const ids = fused.map(({ id }) => id);
        expect([...ids].sort()).toEqual(
          [...new Set([...found.hits, ...near.hits].map(({ id }) => id))].sort(),
        );
        const scores = fused.map(({ score }) => score);
        expect(scores).toEqual([...scores].sort((a, b) => b - a));
        expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
        expect(fuse(found, near)).toEqual(fused);
      }),
    );
  });

  it('keeps a sure hit of either side among the first three', () => {
    fc.assert(
      fc.property(words, meaning, (found, near) => {
        const top = fuse(found, near).map(({ id }) => id);
        const [first] = found.hits;
        if (first && first.share >= 0.6) expect(top.indexOf(first.id)).toBeLessThan(3);
        const [nearest, second] = near.hits
          .map(({ id, similarity, language }) => {
            const usual = near.means.get(language ?? '') ?? near.mean;
            return { id, deviations: (similarity - usual) / near.spread };
          })
          .sort((a, b) => b.deviations - a.deviations);
        const lead = (nearest?.deviations ?? 0) - (second?.deviations ?? 0);
        if (nearest && second && lead >= 2) expect(top.indexOf(nearest.id)).toBeLessThan(3);
      }),
    );
  });
});

const id = fc.integer({ min: 0, max: 30 }).map(String);
const part = fc.double({ min: 0, max: 1, noNaN: true });

const language = fc.constantFrom('en', 'de');

const words: fc.Arbitrary<ByWords> = fc.record({
  known: part,
  hits: fc
    .uniqueArray(fc.record({ id, evidence: part, share: part }), { selector: (hit) => hit.id })
    .map((hits) => hits.sort((a, b) => b.evidence - a.evidence)),
});

const meaning: fc.Arbitrary<ByMeaning> = fc.record({
  mean: part,
  spread: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
  means: fc.uniqueArray(fc.tuple(language, part), { selector: ([of]) => of }).map((all) => new Map(all)),
  hits: fc
    .uniqueArray(fc.record({ id, similarity: part, language: fc.option(language) }), {
      selector: (hit) => hit.id,
    })
    .map((hits) => hits.sort((a, b) => b.similarity - a.similarity)),
});

function byWords(
  known: number,
  ...hits: (readonly [id: string, evidence: number, share: number])[]
): ByWords {
  return { known, hits: hits.map(([each, evidence, share]) => ({ id: each, evidence, share })) };
}

function byMeaning(...hits: (readonly [id: string, similarity: number])[]): ByMeaning {
  return {
    ...{ mean: 0.6, spread: 0.1, means: new Map() },
    hits: hits.map(([each, similarity]) => ({ id: each, similarity, language: null })),
  };
}
