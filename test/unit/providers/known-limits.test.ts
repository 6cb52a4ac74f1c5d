import { describe, expect, it } from 'vitest';
import { readRetryAfter } from '../../../src/providers/wire/retry-after.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const inSeven = '2026-01-01T00:00:07Z';
const inNine = '2026-01-01T00:00:09Z';

describe.each([
  ['x-ratelimit-remaining-requests', 'x-ratelimit-reset-requests', '7s'],
  ['x-ratelimit-remaining-tokens', 'x-ratelimit-reset-tokens', '7s'],
  ['anthropic-ratelimit-requests-remaining', 'anthropic-ratelimit-requests-reset', inSeven],
  ['anthropic-ratelimit-tokens-remaining', 'anthropic-ratelimit-tokens-reset', inSeven],
  ['anthropic-ratelimit-input-tokens-remaining', 'anthropic-ratelimit-input-tokens-reset', inSeven],
  ['anthropic-ratelimit-output-tokens-remaining', 'anthropic-ratelimit-output-tokens-reset', inSeven],
])('the limit %s', (remaining, reset, value) => {
  // Another limit, with a longer wait, that is not used up.
  const other = reset.startsWith('x-')
    ? { 'anthropic-ratelimit-requests-reset': inNine, 'anthropic-ratelimit-requests-remaining': '1' }
    : { 'x-ratelimit-reset-requests': '9s', 'x-ratelimit-remaining-requests': '1' };

  it('says when it is reset', () => {
    expect(waitOf({ [reset]: value })).toBe(7_000);
  });

  it('goes before one that is not used up, when it is', () => {
    expect(waitOf({ ...other, [reset]: value, [remaining]: '0' })).toBe(7_000);
    expect(waitOf({ ...other, [reset]: value, [remaining]: '1' })).toBe(9_000);
  });
});

describe('the unit of a duration', () => {
  it.each([
    ['5ms', 5],
    ['5s', 5_000],
    ['2m', 120_000],
    ['0.05h', 180_000],
    ['0.001d', 86_400],
    ['1m1s1ms', 61_001],
  ])('of %s makes %i ms', (value, expected) => {
    expect(waitOf({ 'x-ratelimit-reset-tokens': value })).toBe(expected);
  });
});

const waitOf = (headers: Readonly<Record<string, string>>) => readRetryAfter(new Headers(headers), nowMs);
