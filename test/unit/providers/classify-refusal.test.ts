import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailureCode } from '../../../src/domain/failures.ts';
import { classifyRefusal, type ProviderRefusal } from '../../../src/providers/wire/classify-refusal.ts';
import { vendorRefusals } from './vendor-refusals.ts';

describe('a refusal', () => {
  it.each([
    [400, 'input_rejected'],
    [401, 'credential_rejected'],
    [402, 'quota_exhausted'],
    [403, 'permission_denied'],
    [404, 'model_not_found'],
    [408, 'provider_timeout'],
    [409, 'provider_unavailable'],
    [413, 'input_rejected'],
    [421, 'provider_unavailable'],
    [422, 'input_rejected'],
    [424, 'provider_unavailable'],
    [425, 'provider_unavailable'],
    [429, 'provider_rate_limited'],
    [499, 'provider_unavailable'],
    [500, 'provider_unavailable'],
    [503, 'provider_unavailable'],
    [504, 'provider_timeout'],
    [529, 'provider_unavailable'],
    [301, 'malformed_response'],
    [200, 'malformed_response'],
  ])('of status %i is %s', (status, code) => {
    expect(refusal(status).code).toBe(code);
  });

  it.each([
    [429, 'insufficient_quota', 'quota_exhausted'],
    [400, 'billing_hard_limit_reached', 'quota_exhausted'],
    [403, 'model_not_found', 'model_not_found'],
    [403, 'rate_limit_exceeded', 'provider_rate_limited'],
    [504, 'timeout_error', 'provider_timeout'],
    [500, 'timeout_error', 'provider_timeout'],
    [400, 'invalid_request_error', 'input_rejected'],
    [400, 'an unknown word', 'input_rejected'],
    [401, 'constructor', 'credential_rejected'],
    [424, 'not_found_error', 'provider_unavailable'],
    [424, 'insufficient_quota', 'quota_exhausted'],
    [402, 'invalid_api_key', 'quota_exhausted'],
  ])('of status %i that says %s is %s', (status, word, code) => {
    expect(refusal(status, { error: { code: word } }).code).toBe(code);
  });

  it('of a broken server is the server’s own, whatever else it says', () => {
    const body = {
      error: { code: 'invalid_api_key', type: 'insufficient_quota', message: 'API key not valid' },
    };
    expect(refusal(502, body)).toEqual({ code: 'provider_unavailable' });
  });

  it('goes by the most precise word', () => {
    const error = { type: 'rate_limit_error', details: { error_code: 'contract_spend_limit_reached' } };
    expect(refusal(429, { error }).code).toBe('quota_exhausted');
    expect(refusal(429, { error: { type: 'insufficient_quota', code: 'invalid_api_key' } }).code).toBe(
      'credential_rejected',
    );
  });

  it('is read by the words of its own vendor first', () => {
    const own = {
      body: { code: 1004, message: 'no' },
      vendorWords: { '1004': 'credential_rejected' },
    } as const;
    expect(classifyRefusal({ status: 400, headers: new Headers(), ...own }).code).toBe('credential_rejected');
    expect(refusal(400, own.body).code).toBe('input_rejected');
  });

  it('within a 200 is read by its words, or by the status that it names', () => {
    expect(refusal(200, { base_resp: { status_code: 1, status_msg: 'invalid api key' } }).code).toBe(
      'credential_rejected',
    );
    expect(refusal(200, { error: { code: 429, message: 'no' } }).code).toBe('provider_rate_limited');
    expect(refusal(200, { error: { code: 502, message: 'no' } }).code).toBe('provider_unavailable');
    expect(refusal(200, { error: {} }).code).toBe('malformed_response');
  });

  it('that is a page is the network’s, except where it names a limit of the network', () => {
    const page = { 'content-type': 'text/html; charset=utf-8' };
    for (const status of [400, 401, 403, 404, 405])
      expect(refusal(status, undefined, page)).toEqual({ code: 'provider_unavailable' });
    expect(refusal(403, '<!DOCTYPE html><p>no</p>')).toEqual({ code: 'provider_unavailable' });
    expect(refusal(429, undefined, page)).toEqual({ code: 'provider_rate_limited' });
    expect(refusal(413, undefined, page)).toEqual({
      code: 'input_rejected',
      hint: { kind: 'too_many_tokens' },
    });
    expect(refusal(401, { error: { code: 'invalid_api_key' } }, page).code).toBe('credential_rejected');
  });

  it('of another status than those for content says nothing about the texts', () => {
    for (const status of [405, 406, 410, 415, 431, 451])
      expect(refusal(status, { error: { message: 'no' } })).toEqual({ code: 'input_rejected' });
    for (const status of [400, 413, 422])
      expect(refusal(status, { error: { message: 'no' } })).toHaveProperty('hint');
  });

  it('keeps how long to wait, where waiting is what helps', () => {
    const headers = { 'retry-after': '12' };
    expect(refusal(429, {}, headers)).toEqual({ code: 'provider_rate_limited', retryAfterMs: 12_000 });
    expect(refusal(401, {}, headers)).toEqual({ code: 'credential_rejected' });
    expect(refusal(429, { error: { code: 'insufficient_quota' } }, headers)).toEqual({
      code: 'quota_exhausted',
    });
    const delayed = { error: { details: [{ '@type': 'RetryInfo', retryDelay: '34.5s' }] } };
    expect(refusal(429, delayed)).toEqual({ code: 'provider_rate_limited', retryAfterMs: 34_500 });
    expect(refusal(429, delayed, headers)).toMatchObject({ retryAfterMs: 12_000 });
  });

  it('of any status, body and headers has one code and no word of the body', () => {
    const leaf = fc.oneof(
      fc.string({ maxLength: 400 }),
      fc.integer(),
      fc.constantFrom(...vendorRefusals.map(({ body }) => body)),
      fc.constantFrom('dimensions', 'insufficient_quota', 'API key not valid'),
    );
    const key = fc.constantFrom(
      ...[
        'error',
        'detail',
        'message',
        'code',
        'type',
        'details',
        'reason',
        'param',
        'loc',
        'status',
        'quotaId',
        'raw',
      ],
    );
    const body = fc.oneof(
      fc.anything({ withNullPrototype: true, withBigInt: true, maxDepth: 4 }),
      fc.letrec<{ tree: unknown }>((tie) => ({
        tree: fc.oneof(
          { maxDepth: 4 },
          leaf,
          fc.array(tie('tree'), { maxLength: 4 }),
          fc.dictionary(key, tie('tree'), { maxKeys: 5 }),
        ),
      })).tree,
    );
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 100, max: 999 }), fc.constantFrom(200, 400, 403, 429, 500), fc.double()),
        body,
        fc.dictionary(fc.string(), fc.string()),
        (status, answered, given) => {
          const headers = {
            get: (name: string) => (Object.hasOwn(given, name) ? (given[name] ?? null) : null),
          };
          const { code, hint, retryAfterMs, ...rest } = classifyRefusal({ status, body: answered, headers });
          expect(isFailureCode(code)).toBe(true);
          expect(rest).toEqual({});
          if (hint?.kind === 'parameter') expect(hint.name).toMatch(/^[a-z][a-z0-9_]{1,39}$/);
          if (retryAfterMs !== undefined) expect(retryAfterMs).toBeGreaterThanOrEqual(0);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it.each(hostile())('of %s has a code before the test is over', (_what, body) => {
    for (let times = 0; times < 50; times += 1) expect(isFailureCode(refusal(400, body).code)).toBe(true);
  });
});

/** Bodies of the most that is read of a refusal, made to be slow. */
function hostile(): readonly (readonly [string, unknown])[] {
  const deep = (depth: number): unknown => (depth === 0 ? 'x' : { error: [deep(depth - 1)] });
  const filled = (text: string) => text.repeat(Math.ceil(65_536 / text.length)).slice(0, 65_536);
  return [
    ['a thousand levels', deep(1_000)],
    [
      'many entries',
      Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`error${i}`, { code: i }])),
    ],
    ['a wide array', Array.from({ length: 20_000 }, () => ({ error: { message: 'API key not valid' } }))],
    ['long texts', { error: { message: filled('the api key '), code: filled('a'), type: filled('model ') } }],
    ['nested texts', { message: `{${filled('} {')}` }],
    ...[
      'model model ',
      'api key x ',
      "' '",
      '{{',
      '"',
      'your your ',
      'a.b.c: ',
      'error: ',
      'BadRequestError: - ',
    ].map((text) => [`repeated ${JSON.stringify(text)}`, { message: filled(text) }] as const),
  ];
}

function refusal(status: number, body?: unknown, headers: Record<string, string> = {}) {
  const given: ProviderRefusal = { status, body, headers: new Headers(headers) };
  return classifyRefusal(given);
}
