import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inOrderOf, orderByScores } from '../../../src/search/rerank.ts';

const hits = (...ids: readonly string[]) => ids.map((id) => ({ id }));

describe('the order of scores', () => {
  it('is the best first; equal ones, and those without a score, keep theirs', () => {
    expect(orderByScores(hits('a', 'b', 'c', 'd', 'e'), [0.1, null, 0.9, 0.1, null])).toEqual([
      ...['c', 'a', 'd', 'b', 'e'],
    ]);
    expect(orderByScores(hits('a', 'b'), [])).toEqual(['a', 'b']);
  });

  it('holds each hit once, whatever the scores are', () => {
    const score = fc.option(fc.double({ noNaN: true }));
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 30 }), fc.array(score), (ids, scores) => {
        expect(orderByScores(hits(...ids), scores).toSorted()).toEqual(ids.toSorted());
      }),
    );
  });
});

describe('hits in the order of a reranker', () => {
  it('have those behind that it was not asked about, in their own order', () => {
    const ordered = inOrderOf(hits('a', 'b', 'c', 'd'), { kind: 'reranked', ids: ['b', 'a'] });
    expect(ordered).toEqual(hits('b', 'a', 'c', 'd'));
  });

  it('keep theirs where it has failed, or was not asked', () => {
    expect(inOrderOf(hits('b', 'a'), { kind: 'failed', code: 'provider_timeout' })).toEqual(hits('b', 'a'));
    expect(inOrderOf(hits('b', 'a'), undefined)).toEqual(hits('b', 'a'));
  });
});
