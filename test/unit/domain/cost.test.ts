import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { believed, costWithoutUsage, isBelievable } from '../../../src/domain/cost.ts';

const told = (inputTokens: number, outputTokens = 0) =>
  ({ kind: 'told', inputTokens, outputTokens }) as const;

describe('the cost of a call whose answer tells no usage', () => {
  it('is nothing for one that was not sent', () => {
    expect(costWithoutUsage({ sent: false, status: undefined })).toEqual({ kind: 'free' });
  });

  it.each([302, 307, 400, 401, 402, 403, 404, 409, 413, 422, 425, 429])(
    'is nothing for a refusal with %i',
    (status) => {
      expect(costWithoutUsage({ sent: true, status })).toEqual({ kind: 'free' });
    },
  );

  it.each([undefined, 200, 204, 408, 499, 500, 502, 503, 504, 529])('is unknown with %s', (status) => {
    expect(costWithoutUsage({ sent: true, status })).toEqual({ kind: 'unknown' });
  });
});

describe('a told usage', () => {
  const bound = { inputTokens: 100, outputTokens: 10 };

  it.each([
    [0, 0],
    [100, 0],
    [100, 10],
    [7, 3],
  ])('of %i and %i tokens is believed within 100 and 10', (inputTokens, outputTokens) => {
    expect(believed(told(inputTokens, outputTokens), bound)).toEqual(told(inputTokens, outputTokens));
  });

  it.each([
    [-1, 0],
    [0, -1],
    [1.5, 0],
    [101, 0],
    [0, 11],
    [Number.MAX_SAFE_INTEGER, 0],
    [2 ** 53, 0],
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0],
  ])('of %d and %d tokens is not', (inputTokens, outputTokens) => {
    expect(believed(told(inputTokens, outputTokens), bound)).toEqual({ kind: 'unknown' });
  });

  it('is never believed beyond the bound, whatever it is', () => {
    fc.assert(
      fc.property(fc.double(), fc.double(), (inputTokens, outputTokens) => {
        const cost = told(inputTokens, outputTokens);
        if (isBelievable(cost, bound)) {
          expect(cost.inputTokens + cost.outputTokens).toBeLessThanOrEqual(110);
          expect(cost.inputTokens + cost.outputTokens).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
