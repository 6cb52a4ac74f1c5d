import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRateHeaders } from '../../../src/providers/wire/read-rate-headers.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const read = (headers: Readonly<Record<string, string>>) => readRateHeaders(new Headers(headers), nowMs);

describe('the limits that headers tell', () => {
  it.each([
    [
      'OpenAI',
      {
        'x-ratelimit-limit-requests': '60',
        'x-ratelimit-remaining-requests': '59',
        'x-ratelimit-reset-requests': '1s',
        'x-ratelimit-limit-tokens': '150000',
        'x-ratelimit-remaining-tokens': '149984',
        'x-ratelimit-reset-tokens': '2m3.5s',
      },
      {
        requests: { left: 59, limit: 60, resetInMs: 1_000 },
        tokens: { left: 149_984, limit: 150_000, resetInMs: 123_500 },
      },
    ],
    [
      'Azure, which tells no reset',
      { 'x-ratelimit-remaining-requests': '5', 'x-ratelimit-remaining-tokens': '900' },
      { requests: { left: 5, resetInMs: 60_000 }, tokens: { left: 900, resetInMs: 60_000 } },
    ],
    [
      'Anthropic, the tighter one of its limits of tokens',
      {
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': '2026-01-01T00:00:30Z',
        'anthropic-ratelimit-tokens-remaining': '8000',
        'anthropic-ratelimit-tokens-reset': '2026-01-01T00:00:10Z',
        'anthropic-ratelimit-input-tokens-remaining': '7000',
        'anthropic-ratelimit-input-tokens-reset': '2026-01-01T00:00:20Z',
      },
      {
        requests: { left: 0, limit: 50, resetInMs: 30_000 },
        tokens: { left: 7_000, resetInMs: 20_000 },
      },
    ],
    [
      'Mistral, by the minute',
      {
        'x-ratelimit-limit-req-minute': '720',
        'x-ratelimit-remaining-req-minute': '717',
        'x-ratelimit-limit-tokens-minute': '5000000',
        'x-ratelimit-remaining-tokens-minute': '4999911',
      },
      {
        requests: { left: 717, limit: 720, resetInMs: 60_000 },
        tokens: { left: 4_999_911, limit: 5_000_000, resetInMs: 60_000 },
      },
    ],
    [
      'others, with seconds until the reset',
      { 'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '7', 'X-RateLimit-Reset': '12' },
      { requests: { left: 7, limit: 100, resetInMs: 12_000 } },
    ],
    [
      'others, with the second of the reset',
      { 'X-RateLimit-Remaining': '7', 'X-RateLimit-Reset': String(nowMs / 1_000 + 12) },
      { requests: { left: 7, resetInMs: 12_000 } },
    ],
    [
      'others, with the millisecond of the reset',
      { 'X-RateLimit-Remaining': '7', 'X-RateLimit-Reset': String(nowMs + 12_000) },
      { requests: { left: 7, resetInMs: 12_000 } },
    ],
    [
      'the fields RateLimit and RateLimit-Policy',
      { RateLimit: '"default";r=50;t=30', 'RateLimit-Policy': '"default";q=100;w=60' },
      { requests: { left: 50, limit: 100, resetInMs: 30_000 } },
    ],
    [
      'these fields for requests and for tokens, without a reset',
      {
        RateLimit: '"hour";r=900;t=1200, "second";r=3, "words";r=5000, "bytes";r=1',
        'RateLimit-Policy':
          '"hour";q=1000;w=3600, "second";q=10;w=1, "words";q=9000;w=60;qu="tokens", "bytes";q=9;qu="content-bytes"',
      },
      {
        requests: { left: 3, limit: 10, resetInMs: 1_000 },
        tokens: { left: 5_000, limit: 9_000, resetInMs: 60_000 },
      },
    ],
    [
      'an older draft, in one field',
      { RateLimit: 'limit=100, remaining=50, reset=5' },
      { requests: { left: 50, limit: 100, resetInMs: 5_000 } },
    ],
    [
      'an older draft, in three fields',
      { 'RateLimit-Limit': '100, 100;w=60', 'RateLimit-Remaining': '50', 'RateLimit-Reset': '5' },
      { requests: { left: 50, limit: 100, resetInMs: 5_000 } },
    ],
  ])('are those of %s', (_, headers, expected) => {
    expect(read(headers)).toEqual(expected);
  });

  it.each([
    [
      'a reset in a day',
      { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '1d' },
      300_000,
    ],
    ['a reset long ago', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1000000001' }, 0],
    ['a reset in words', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'soon' }, 60_000],
  ])('have no reset after five minutes nor before now: %s', (_, headers, expected) => {
    expect(read(headers)?.requests?.resetInMs).toBe(expected);
  });

  it.each([
    {},
    { 'x-ratelimit-remaining-requests': 'many' },
    { 'x-ratelimit-limit-requests': '60', 'x-ratelimit-reset-requests': '1s' },
    { 'x-ratelimit-limit-requests': '0', 'x-ratelimit-remaining-requests': '0' },
    { 'x-ratelimit-remaining-requests': '-1' },
    { RateLimit: '"default";r=-5;t=30' },
    { RateLimit: '"default";r=??' },
    { RateLimit: `"${'x'.repeat(2_000)}";r=5;t=30` },
  ])('are not there in %o', (headers) => {
    expect(read(headers)).toBeUndefined();
  });
});

const names = [
  ...['requests', 'tokens'].flatMap((kind) =>
    ['limit', 'remaining', 'reset'].flatMap((part) => [
      `x-ratelimit-${part}-${kind}`,
      `anthropic-ratelimit-${kind}-${part}`,
    ]),
  ),
  ...['limit', 'remaining', 'reset'].flatMap((part) => [`x-ratelimit-${part}`, `ratelimit-${part}`]),
  'ratelimit',
  'ratelimit-policy',
];
const value = fc.oneof(
  fc.string({ unit: 'binary-ascii' }),
  fc.integer().map(String),
  fc.double().map(String),
  fc.bigInt().map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.stringMatching(/^("[a-z]{1,4}";(r|t|q|w|qu)=[0-9]{1,15}(, )?){1,3}$/),
  fc.stringMatching(/^([0-9]{1,9}(ms|s|m|h|d)){1,4}$/),
);

describe('any headers', () => {
  it('are read without an error, and make nobody wait longer than five minutes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), value), (headers) => {
        const limits = readRateHeaders({ get: (name) => headers[name] ?? null }, nowMs);
        for (const window of [limits?.requests, limits?.tokens]) {
          if (window === undefined) continue;
          expect(window.resetInMs).toBeGreaterThanOrEqual(0);
          expect(window.resetInMs).toBeLessThanOrEqual(300_000);
          expect(Number.isSafeInteger(window.left) && window.left >= 0).toBe(true);
          expect(window.limit ?? window.left).toBeGreaterThanOrEqual(window.left);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
