import { describe, expect, it } from 'vitest';
import type { FailureCode } from '../../../src/domain/failures.ts';
import { classifyRefusal } from '../../../src/providers/wire/classify-refusal.ts';

/** Every word that decides, with its code. */
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
  ],
  credential_rejected: [
    'invalid_api_key',
    'account_deactivated',
    'authentication_error',
    'permission_error',
    'organization_on_hold',
  ],
  model_not_found: ['model_not_found', 'not_found_error'],
  input_rejected: ['context_length_exceeded', 'string_above_max_length', 'request_too_large'],
  provider_rate_limited: ['rate_limit_exceeded', 'rate_limit_error', 'ramp_limit_exceeded'],
  provider_timeout: ['timeout_error'],
  provider_unavailable: ['overloaded_error'],
};
const rows = Object.entries(words).flatMap(([code, list]) => list.map((word) => [word, code] as const));

describe('a word of a refusal', () => {
  // Of two statuses with different codes, so that at least one of them does not have the word's code by itself.
  it.each(rows)('%s is %s, whatever the status of the refusal says', (word, code) => {
    for (const status of [400, 401, 429]) {
      expect(classifyRefusal({ status, words: [word], headers: new Headers() }).code).toBe(code);
    }
  });

  it.each(rows)('%s (%s) does not blame the tenant for a broken server', (word, code) => {
    const expected = code === 'provider_timeout' ? 'provider_timeout' : 'provider_unavailable';
    for (const status of [500, 502, 503, 504, 529]) {
      expect(classifyRefusal({ status, words: [word], headers: new Headers() }).code).toBe(expected);
    }
  });
});
