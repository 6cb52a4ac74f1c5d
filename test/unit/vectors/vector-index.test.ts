import { describe, expect, it } from 'vitest';
import { vectorIndexOf } from '../../../src/vectors/vector-index.ts';

describe('the index on vectors', () => {
  it.each([
    [1, 'vector_cosine_ops'],
    [2_000, 'vector_cosine_ops'],
    [2_001, 'halfvec_cosine_ops'],
    [4_000, 'halfvec_cosine_ops'],
    [4_001, undefined],
    [0, undefined],
    [1.5, undefined],
  ])('of %s dimensions has the operators %s', (dimensions, operators) => {
    expect(vectorIndexOf(dimensions)?.operatorClass).toBe(operators);
  });

  it('is of vectors of length 1 where it holds halves, whose numbers end at 65,504', () => {
    expect(vectorIndexOf(2_001)?.expressionOf('v')).toContain('l2_normalize(v)');
    expect(vectorIndexOf(2_000)?.expressionOf('v')).not.toContain('l2_normalize');
  });
});
