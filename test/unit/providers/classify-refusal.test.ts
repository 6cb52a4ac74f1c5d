import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailureCode } from '../../../src/domain/failures.ts';
import { classifyRefusal, readErrorWords } from '../../../src/providers/wire/classify-refusal.ts';

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
    [504, 'provider_unavailable'],
    [529, 'provider_unavailable'],
    [301, 'malformed_response'],
  ])('of status %i is %s', (status, code) => {
    expect(refusal(status)).toEqual({ code });
  });

  it.each([
    [429, 'insufficient_quota', 'quota_exhausted'],
    [429, 'project_spend_limit_exceeded', 'quota_exhausted'],
    [429, 'enforced_spend_limit_reached', 'quota_exhausted'],
    [429, 'rate_limit_exceeded', 'provider_rate_limited'],
    [400, 'billing_hard_limit_reached', 'quota_exhausted'],
    [402, 'billing_error', 'quota_exhausted'],
    [400, 'invalid_api_key', 'credential_rejected'],
    [400, 'organization_on_hold', 'credential_rejected'],
    [403, 'permission_error', 'credential_rejected'],
    [403, 'model_not_found', 'model_not_found'],
    [400, 'context_length_exceeded', 'input_rejected'],
    [413, 'request_too_large', 'input_rejected'],
    [403, 'rate_limit_exceeded', 'provider_rate_limited'],
    [504, 'timeout_error', 'provider_timeout'],
    [529, 'overloaded_error', 'provider_unavailable'],
    [400, 'invalid_request_error', 'input_rejected'],
    [400, 'an unknown word', 'input_rejected'],
    [401, 'constructor', 'credential_rejected'],
  ])('of status %i that says %s is %s', (status, word, code) => {
    expect(refusal(status, [word])).toEqual({ code });
  });

  it('of a broken server is the server’s own, whatever else it says', () => {
    expect(refusal(500, ['invalid_api_key', 'insufficient_quota'])).toEqual({ code: 'provider_unavailable' });
  });

  it('goes by the most precise word', () => {
    expect(refusal(429, ['contract_spend_limit_reached', 'rate_limit_error']).code).toBe('quota_exhausted');
  });

  it('means the same as a web page, from a proxy or a wrong address, as it does in JSON', () => {
    const page = { 'content-type': 'text/html; charset=utf-8' };
    for (const status of [400, 401, 402, 403, 404, 405, 408, 429, 502])
      expect(refusal(status, [], page)).toEqual(refusal(status));
  });

  it('keeps how long to wait, where waiting is what helps', () => {
    const headers = { 'retry-after': '12' };
    expect(refusal(429, [], headers)).toEqual({ code: 'provider_rate_limited', retryAfterMs: 12_000 });
    expect(refusal(429, ['insufficient_quota'], headers)).toEqual({ code: 'quota_exhausted' });
    expect(refusal(401, [], headers)).toEqual({ code: 'credential_rejected' });
  });

  it('of any status, body and headers has one code and nothing else', () => {
    const body = fc.anything({ withNullPrototype: true, withBigInt: true, maxDepth: 4 });
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 100, max: 999 }), fc.double()),
        fc.oneof(
          body,
          fc.record({ error: body }),
          fc.record({ error: fc.record({ type: body, code: body, message: body }) }),
        ),
        fc.dictionary(fc.string(), fc.string()),
        (status, answered, given) => {
          const headers = {
            get: (name: string) => (Object.hasOwn(given, name) ? (given[name] ?? null) : null),
          };
          const failure = classifyRefusal({ status, words: readErrorWords(answered), headers });
          expect(isFailureCode(failure.code)).toBe(true);
          expect(Object.keys(failure)).toEqual(['code']);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('the words of an error body', () => {
  it('are its codes and its type, the most precise first', () => {
    expect(readErrorWords({ error: { type: 'tokens', code: 'rate_limit_exceeded', message: 'm' } })).toEqual([
      'rate_limit_exceeded',
      'tokens',
    ]);
    expect(
      readErrorWords({
        type: 'error',
        error: { type: 'rate_limit_error', details: { error_code: 'ramp_limit_exceeded' } },
      }),
    ).toEqual(['ramp_limit_exceeded', 'rate_limit_error']);
  });

  it('are none where there is no error of that shape', () => {
    for (const body of [undefined, null, 'text', [], {}, { error: 'text' }, { error: { code: 429 } }])
      expect(readErrorWords(body)).toEqual([]);
  });

  it('tell a spent balance of Anthropic by how the message begins, and by nothing further on in it', () => {
    const of = (message: string, type = 'invalid_request_error') =>
      readErrorWords({ error: { type, message } });
    expect(of('Your credit balance is too low to access the API.')).toContain('credit_balance_too_low');
    expect(of('messages.0: "Your credit balance is too low"')).toEqual(['invalid_request_error']);
    expect(of('Your credit balance is too low', 'api_error')).toEqual(['api_error']);
  });
});

function refusal(status: number, words: string[] = [], headers: Record<string, string> = {}) {
  return classifyRefusal({ status, words, headers: new Headers(headers) });
}
