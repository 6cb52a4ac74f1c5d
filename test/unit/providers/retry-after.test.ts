import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRetryAfter } from '../../../src/providers/wire/retry-after.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');

describe('Retry-After', () => {
  it.each([
    ['0', 0],
    [' 3 ', 3_000],
    ['1.5', 1_500],
    ['Thu, 01 Jan 2026 00:00:20 GMT', 20_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['999999', 300_000],
    ['9'.repeat(400), 300_000],
    ['Fri, 01 Jan 2027 00:00:00 GMT', 300_000],
    ['-5', undefined],
    ['soon', undefined],
    ['soon 5', undefined],
    ['2026-01-01', undefined],
    ['0x10', undefined],
    ['1e3', undefined],
    ['', undefined],
  ])('of %o is %o ms', (value, expected) => {
    expect(waitOf({ 'retry-after': value })).toBe(expected);
  });

  it('in milliseconds goes before the one in seconds', () => {
    expect(waitOf({ 'retry-after-ms': '20', 'retry-after': '60' })).toBe(20);
    expect(waitOf({ 'retry-after-ms': 'soon', 'retry-after': '60' })).toBe(60_000);
  });

  it('goes before any limit’s reset', () => {
    expect(waitOf({ 'retry-after': '2', 'x-ratelimit-reset-tokens': '1m' })).toBe(2_000);
    expect(waitOf({ 'retry-after': 'soon', 'x-ratelimit-reset-tokens': '1m' })).toBe(60_000);
  });
});

describe('the reset of a limit', () => {
  it.each([
    ['1m30s', 90_000],
    ['20ms', 20],
    ['8.64s', 8_640],
    ['6m0s', 300_000],
    ['1d', 300_000],
    ['0s', 0],
    ['90', undefined],
    ['1 minute', undefined],
    ['s', undefined],
    ['1s'.repeat(30), undefined],
  ])('of OpenAI’s, %o, is %o ms', (value, expected) => {
    expect(waitOf({ 'x-ratelimit-reset-requests': value })).toBe(expected);
  });

  it.each([
    ['2026-01-01T00:00:30Z', 30_000],
    ['2026-01-01T02:00:30.500+02:00', 30_500],
    ['2025-12-31T00:00:00Z', 0],
    ['2027-01-01T00:00:00Z', 300_000],
    ['2026-13-45T99:99:99Z', undefined],
    ['tomorrow', undefined],
  ])('of Anthropic’s, %o, is %o ms', (value, expected) => {
    expect(waitOf({ 'anthropic-ratelimit-input-tokens-reset': value })).toBe(expected);
  });

  it('counts where the limit is used up, and the longest of those', () => {
    const resets = {
      'x-ratelimit-reset-requests': '2m',
      'x-ratelimit-remaining-requests': '59',
      'x-ratelimit-reset-tokens': '3s',
      'x-ratelimit-remaining-tokens': '0',
    };
    expect(waitOf(resets)).toBe(3_000);
    expect(waitOf({ ...resets, 'x-ratelimit-remaining-requests': '0' })).toBe(120_000);
  });

  it('is the longest of all where none says that it is used up', () => {
    expect(waitOf({ 'x-ratelimit-reset-requests': '1s', 'x-ratelimit-reset-tokens': '7s' })).toBe(7_000);
  });
});

it('is a whole number of milliseconds from 0 to five minutes, or nothing, whatever the headers hold', () => {
  const value = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.double().map(String),
    fc.date({ noInvalidDate: false }).map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    fc.stringMatching(/^(\d{1,5}(\.\d)?(ms|s|m|h|d)){1,4}$/),
  );
  fc.assert(
    fc.property(fc.infiniteStream(fc.option(value)), fc.integer(), (values, at) => {
      const waitMs = readRetryAfter({ get: () => values.next().value ?? null }, at);
      if (waitMs === undefined) return;
      expect(Number.isInteger(waitMs) && waitMs >= 0 && waitMs <= 300_000).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});

function waitOf(headers: Record<string, string>) {
  return readRetryAfter(new Headers(headers), nowMs);
}
