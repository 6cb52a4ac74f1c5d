import { describe, expect, it } from 'vitest';
import { verdictOn } from '../../../src/proposals/decision.ts';
import { weightsOf } from '../../../src/proposals/text.ts';
import { aChunk } from '../../support/a-chunk.ts';

describe('the verdict on a proposal whose words stand nowhere', () => {
  it.each([
    [1, 'low_novelty'],
    [0.97, 'low_novelty'],
    [0.88, 'low_novelty'],
    [0.879999, 'novel'],
    [-1, 'novel'],
  ])('on a similarity of %s is %s', (similarity, verdict) => {
    expect(verdictOn(similarity)).toBe(verdict);
  });
});

describe('the weight of a chunk', () => {
  it('is its part of the text, a repeated one with each of its places', () => {
    const weights = weightsOf([chunk('a', 10), chunk('b', 5), chunk('a', 10)]);
    expect([...weights]).toEqual([
      ['a', 20],
      ['b', 5],
    ]);
  });
});

const chunk = (hash: string, approxTokens: number) => aChunk({ hash, approxTokens });
