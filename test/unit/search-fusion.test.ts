import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuse } from '../../src/search/fusion.ts';

describe('reciprocal rank fusion', () => {
  it('puts what both lists have before the first of either', () => {
    const fused = fuse([
      { source: 'keyword', ids: ['a', 'both'] },
      { source: 'semantic', ids: ['b', 'both'] },
    ]);
    expect(fused.map(({ id }) => id)).toEqual(['both', 'a', 'b']);
    expect(fused[0]).toEqual({ id: 'both', score: 2 / 62, matched: ['keyword', 'semantic'] });
    expect(fused[1]).toEqual({ id: 'a', score: 1 / 61, matched: ['keyword'] });
  });

  it('keeps the order of a list that is alone', () => {
    const ids = ['c', 'a', 'b'];
    expect(fuse([{ source: 'semantic', ids }]).map(({ id }) => id)).toEqual(ids);
  });

  it('holds every id once, best first, and never depends on the order of the lists', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 0, max: 30 }).map(String));
    fc.assert(
      fc.property(ids, ids, (keyword, semantic) => {
        const lists = [
          { source: 'keyword', ids: keyword },
          { source: 'semantic', ids: semantic },
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
