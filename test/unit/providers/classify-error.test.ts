import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { AddressForbidden } from '../../../src/platform/net/address-forbidden.ts';
import { UnusableAnswer } from '../../../src/providers/wire/bounded-fetch.ts';
import { classifyError } from '../../../src/providers/wire/classify-error.ts';

const headers = (values: Readonly<Record<string, string>> = {}) => new Headers(values);

describe('an error of a vendor’s library', () => {
  it.each([
    ['its own time-out', new Anthropic.APIConnectionTimeoutError(), 'provider_timeout'],
    ['an abort of the request', new Anthropic.APIUserAbortError(), 'provider_timeout'],
    [
      'an address that may not be reached',
      new Anthropic.APIConnectionError({
        message: 'no',
        cause: new TypeError('fetch failed', { cause: new AddressForbidden() }),
      }),
      'address_forbidden',
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

  it.each([
    [undefined, 'other'],
    [new Error('reset'), 'other'],
    [
      new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) }),
      'connection_refused',
    ],
    [
      new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'CERT_HAS_EXPIRED' }) }),
      'expired_certificate',
    ],
  ] as const)('for a connection that failed by %o is the provider’s, with the cause %s', (inner, cause) => {
    const error = new Anthropic.APIConnectionError({ message: 'no', ...(inner && { cause: inner }) });
    expect(classify(error)).toEqual({ code: 'provider_unavailable', cause });
  });

  it('for a time-out has a cause only where the connection was not made', () => {
    const error = new Anthropic.APIConnectionTimeoutError();
    expect(classify(error, true, true)).toEqual({ code: 'provider_timeout' });
    expect(classify(error, true, false)).toEqual({ code: 'provider_timeout', cause: 'connect_timeout' });
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

const classify = (error: unknown, timedOut = false, sent = true) =>
  classifyError(error, Anthropic, { timedOut, sent, bodyOf: (part) => ({ error: part }) });
