import { describe, expect, it } from 'vitest';
import { classifyRefusal, readRetryAfter } from '../../src/providers/classify.ts';

const refusal = (status: number, words: string[] = [], headers: Record<string, string> = {}) =>
  classifyRefusal({ status, words, headers: new Headers(headers) });

describe('a refusal', () => {
  it.each([
    [400, 'input_rejected'],
    [401, 'credential_rejected'],
    [402, 'quota_exhausted'],
    [403, 'credential_rejected'],
    [404, 'model_not_found'],
    [408, 'provider_timeout'],
    [409, 'input_rejected'],
    [413, 'input_rejected'],
    [422, 'input_rejected'],
    [429, 'provider_rate_limited'],
    [500, 'provider_unavailable'],
    [503, 'provider_unavailable'],
    [529, 'provider_unavailable'],
    [301, 'malformed_response'],
  ])('of status %i is %s', (status, code) => {
    expect(refusal(status).code).toBe(code);
  });

  it('of status 429 is a quota only where the body says so with a word that we know', () => {
    expect(refusal(429, ['insufficient_quota']).code).toBe('quota_exhausted');
    expect(refusal(429, ['rate_limit_exceeded']).code).toBe('provider_rate_limited');
    expect(refusal(400, ['insufficient_quota']).code).toBe('input_rejected');
  });

  it('keeps how long to wait', () => {
    expect(refusal(429, [], { 'retry-after': '12' })).toEqual({
      code: 'provider_rate_limited',
      retryAfterMs: 12_000,
    });
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    [null, undefined],
    ['0', 0],
    [' 3 ', 3_000],
    ['Thu, 01 Jan 2026 00:00:20 GMT', 20_000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
    ['999999', 300_000],
    ['soon', undefined],
  ])('of %o is %o ms', (value, expected) => {
    expect(readRetryAfter(value, now)).toBe(expected);
  });
});
