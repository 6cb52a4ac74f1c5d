import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { UnusableAnswer } from '../../../src/providers/wire/bounded-fetch.ts';
import { classifyError } from '../../../src/providers/wire/classify-error.ts';

const headers = (values: Readonly<Record<string, string>> = {}) => new Headers(values);

describe('an error of a vendor’s library', () => {
  it.each([
    ['its own time-out', new Anthropic.APIConnectionTimeoutError(), 'provider_timeout'],
    ['an abort of the request', new Anthropic.APIUserAbortError(), 'provider_timeout'],
    ['no connection', new Anthropic.APIConnectionError({ message: 'no' }), 'provider_unavailable'],
    [
      'a connection that broke for another reason',
      new Anthropic.APIConnectionError({ message: 'no', cause: new Error('reset') }),
      'provider_unavailable',
    ],
    [
      'an answer that is too large',
      new Anthropic.APIConnectionError({ message: 'no', cause: new UnusableAnswer() }),
      'malformed_response',
    ],
    ['a body that is no JSON', new SyntaxError('no JSON'), 'malformed_response'],
    ['a refusal', new Anthropic.APIError(404, {}, 'no', headers()), 'model_not_found'],
    ['a bug', new TypeError('no'), 'internal'],
  ] as const)('for %s (%o) is %s', (_, error, code) => {
    expect(classify(error)).toEqual({ code });
  });

  it('is a time-out when our own time was over, whatever the library makes of it', () => {
    const refusal = new Anthropic.APIError(500, {}, 'no', headers());
    expect(classify(refusal, true)).toEqual({ code: 'provider_timeout' });
  });

  it('for a refusal is read by the words of its body and its headers', () => {
    const spent = new Anthropic.APIError(429, { code: 'insufficient_quota' }, 'no', headers());
    expect(classify(spent)).toEqual({ code: 'quota_exhausted' });
    const limited = new Anthropic.APIError(429, {}, 'no', headers({ 'retry-after': '7' }));
    expect(classify(limited)).toEqual({ code: 'provider_rate_limited', retryAfterMs: 7_000 });
  });
});

const classify = (error: unknown, timedOut = false) =>
  classifyError(error, Anthropic, { timedOut, bodyOf: (part) => ({ error: part }) });
