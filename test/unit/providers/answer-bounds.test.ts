import { describe, expect, test } from 'vitest';
import { answerBytesOf, hasTooManyParts } from '../../../src/providers/embedding/answer-bounds.ts';

/** The longest that a number in double precision is written. */
const longest = -1.2345678901234567e-100;

describe('an answer within its bounds', () => {
  test.each([
    [1, 16_000, undefined],
    [64, 4_096, 4_096],
    [100, 3_072, 384],
    [2, 16_000, 16_000],
    [256, 768, 768],
  ])('may hold %i vectors of %i numbers where %s are known', (inputs, numbers, dimensions) => {
    const embedding = Array(numbers).fill(longest);
    const data = Array.from({ length: inputs }, (_, index) => ({ object: 'embedding', index, embedding }));
    const asked = { inputs, dimensions };
    const text = JSON.stringify({ object: 'list', data, model: 'm', usage: { prompt_tokens: 1 } });
    expect(text.length).toBeLessThanOrEqual(answerBytesOf(asked));
    expect(hasTooManyParts(text, asked)).toBe(false);
  });

  test.each(['[],', '[', '{"a":{"b":0}},', '0,'])(
    'has no more parts than these need, so not %j by the million',
    (part) => {
      expect(hasTooManyParts(part.repeat(1_000_000), { inputs: 2, dimensions: 1_024 })).toBe(true);
    },
  );

  test('is at most 64 MB', () => {
    expect(answerBytesOf({ inputs: 2_048, dimensions: undefined })).toBe(64 * 1024 * 1024);
  });
});
