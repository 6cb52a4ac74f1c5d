import { describe, expect, it } from 'vitest';
import type { FailureCode } from '../../../src/domain/failures.ts';
import { classifyRefusal } from '../../../src/providers/wire/classify-refusal.ts';

describe('a word of a refusal', () => {
  // Of three statuses with different codes, so that at least two of them do not have the word's code by themselves.
  it.each(knownWords())('%s is %s, whatever the status says and wherever it stands', (word, code) => {
    for (const status of [400, 401, 429]) {
      for (const body of everyPlace(word)) expect(classify(status, body)).toBe(code);
    }
  });

  it.each(knownWords())('%s (%s) does not blame the tenant for a broken server', (word, code) => {
    for (const status of [500, 502, 503, 529]) {
      const expected = code === 'provider_timeout' ? 'provider_timeout' : 'provider_unavailable';
      expect(classify(status, { error: { code: word } })).toBe(expected);
    }
  });
});

/** Words that decide, with their codes: a second list, by hand. */
function knownWords(): readonly (readonly [string, string])[] {
  const words: Readonly<Partial<Record<FailureCode, readonly string[]>>> = {
    quota_exhausted: [
      'insufficient_quota',
      'billing_hard_limit_reached',
      'billing_not_active',
      'credit_balance_exhausted',
      'organization_spend_limit_exceeded',
      'organization_usage_limit_exceeded',
      'project_spend_limit_exceeded',
      'billing_error',
      'credit_balance_too_low',
      'contract_spend_limit_reached',
      'enforced_spend_limit_reached',
      'budget_exceeded',
    ],
    credential_rejected: [
      'invalid_api_key',
      'API_KEY_INVALID',
      'account_deactivated',
      'authentication_error',
      'organization_on_hold',
    ],
    permission_denied: ['permission_error', 'PERMISSION_DENIED', 'SERVICE_DISABLED'],
    model_not_found: ['model_not_found', 'not_found_error', 'DeploymentNotFound', 'invalid_model'],
    input_rejected: ['context_length_exceeded', 'string_above_max_length', 'request_too_large'],
    provider_rate_limited: ['rate_limit_exceeded', 'rate_limit_error', 'ramp_limit_exceeded'],
    provider_timeout: ['timeout_error'],
    provider_unavailable: ['overloaded_error'],
  };
  return Object.entries(words).flatMap(([code, list]) => list.map((word) => [word, code] as const));
}

/** Every place of a body in which a vendor says such a word. */
function everyPlace(word: string): readonly unknown[] {
  const places: readonly ((word: string) => unknown)[] = [
    (code) => ({ error: { code } }),
    (type) => ({ error: { type, code: null } }),
    (code) => [{ error: { code } }],
    (code) => ({ object: 'error', message: 'no', code }),
    (type) => ({ type, message: 'no' }),
    (status) => ({ error: { status, message: 'no' } }),
    (reason) => ({ error: { code: 400, details: [{ '@type': 'x', reason }] } }),
    (error) => ({ error }),
    (detail) => ({ detail }),
    (code) => ({ detail: [{ code }] }),
    (error_code) => ({ type: 'error', error: { type: 'x', details: { error_code } } }),
    (status_msg) => ({ base_resp: { status_code: 1, status_msg } }),
    (code) => ({ message: JSON.stringify({ error: { code } }) }),
    (code) => ({ response: { body: { error: { code } } } }),
  ];
  return places.map((place) => place(word));
}
const classify = (status: number, body: unknown) =>
  classifyRefusal({ status, body, headers: new Headers() }).code;
