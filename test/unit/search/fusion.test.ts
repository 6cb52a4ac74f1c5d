import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuse, matchedIn } from '../../../src/search/fusion.ts';

describe('reciprocal rank fusion', () => {
  it('puts what both lists have before the first of either', () => {
    const fused = fuse([
      { source: 'keyword', hits: hits('a', 'both') },
      { source: 'semantic', hits: hits('b', 'both') },
    ]);
    expect(fused.map(({ id }) => id)).toEqual(['both', 'a', 'b']);
    expect(fused[0]).toEqual({ id: 'both', score: 2 / 62, ranks: { keyword: 2, semantic: 2 } });
    expect(fused[1]).toEqual({ id: 'a', score: 1 / 61, ranks: { keyword: 1, semantic: null } });
  });

  it('says which lists have it, keyword first', () => {
    expect(matchedIn({ keyword: 7, semantic: 1 })).toEqual(['keyword', 'semantic']);
    expect(matchedIn({ keyword: null, semantic: 1 })).toEqual(['semantic']);
  });

  it('counts a rank for less where it weighs less', () => {
    const fused = fuse([
      { source: 'keyword', hits: [{ id: 'part', weight: 0.05 }] },
      { source: 'semantic', hits: hits('a', 'b', 'c', 'd', 'e', 'part') },
    ]);
    expect(fused.map(({ id }) => id)).toEqual(['a', 'b', 'part', 'c', 'd', 'e']);
  });

  it('keeps the order of a list that is alone', () => {
    const ids = ['c', 'a', 'b'];
    expect(fuse([{ source: 'semantic', hits: hits(...ids) }]).map(({ id }) => id)).toEqual(ids);
  });

  it('holds every id once, best first, and never depends on the order of the lists', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 0, max: 30 }).map(String));
    fc.assert(
      fc.property(ids, ids, (keyword, semantic) => {
        const lists = [
          { source: 'keyword', hits: hits(...keyword) },
          { source: 'semantic', hits: hits(...semantic) },
        ] as const;
        const fused = fuse(lists);
        expect(new Set(fused.map(({ id }) => id))).toEqual(new Set([...keyword, ...semantic]));
        expect(fused).toHaveLength(new Set([...keyword, ...semantic]).size);
        expect(fused.map(({ score }) => score)).toEqual(
          fused.map(({ score }) => score).sort((a, b) => b - a),
        );
        expect(fuse([...lists].reverse()).map(({ id }) => id)).toEqual(fused.map(({ id }) => id));
      }),
    );
  });
});

function hits(...ids: string[]) {
  return ids.map((id) => ({ id }));
}
