import { describe, expect, it } from 'vitest';
import {
  type FailureCode,
  failureCodes,
  failureTraits,
  guidanceOf,
  nonRetryableCodes,
} from '../../../src/domain/failures.ts';

/** What each failure means for the breaker, the workflow and the article, a second time and by hand. */
const expected: readonly (readonly [
  FailureCode,
  who: string,
  countsForBreaker: boolean,
  workflow: string,
  article: string,
  httpStatus: number,
])[] = [
  ['no_api_key', 'tenant', false, 'completes', 'blocked', 422],
  ['provider_unavailable', 'provider', true, 'retries', 'failed', 503],
  ['provider_timeout', 'provider', true, 'retries', 'failed', 504],
  ['provider_rate_limited', 'wait', false, 'retries', 'failed', 503],
  ['quota_exhausted', 'tenant', false, 'fails', 'blocked', 422],
  ['credential_rejected', 'tenant', false, 'fails', 'blocked', 422],
  ['permission_denied', 'tenant', false, 'fails', 'blocked', 422],
  ['model_not_found', 'tenant', false, 'fails', 'blocked', 422],
  ['input_rejected', 'author', false, 'fails', 'failed', 422],
  ['malformed_response', 'provider', false, 'retries', 'failed', 502],
  ['circuit_open', 'wait', false, 'waits', 'pending', 503],
  ['budget_exhausted', 'tenant', false, 'fails', 'blocked', 422],
  ['address_forbidden', 'tenant', false, 'fails', 'blocked', 422],
  ['vault_unavailable', 'operator', false, 'retries', 'failed', 503],
  ['key_unusable', 'operator', false, 'fails', 'failed', 503],
  ...(['url_forbidden', 'url_unreachable', 'unsupported_content'] as const).map(ofAuthor),
  ...(['document_too_large', 'answer_refused', 'answer_cut'] as const).map(ofAuthor),
  ['vectors_pending', 'wait', false, 'waits', 'pending', 503],
  ['rerank_unsupported', 'tenant', false, 'fails', 'failed', 422],
  ['internal', 'operator', false, 'retries', 'failed', 500],
];

describe('the table of failures', () => {
  it.each(expected)(
    'says of %s: %s acts, for the breaker %s, the workflow %s, the article is %s, status %i',
    (code, who, countsForBreaker, workflow, article, httpStatus) => {
      expect(failureTraits[code]).toMatchObject({ who, countsForBreaker, workflow, article, httpStatus });
      expect(nonRetryableCodes.includes(code)).toBe(workflow !== 'retries');
    },
  );

  it.each(failureCodes)('says in one sentence what to do about %s', (code) => {
    const { nextStep, who } = failureTraits[code];
    expect(nextStep).toMatch(/^[A-Z][^\n]{20,180}\.$/);
    expect(guidanceOf(code)).toEqual({ who, next_step: nextStep });
  });

  it('says nothing where nothing failed', () => {
    expect(guidanceOf(null)).toEqual({ who: null, next_step: null });
  });

  it('has no other row', () => {
    expect([...failureCodes].sort()).toEqual(expected.map(([code]) => code).sort());
  });
});

/** A document, or what a model makes of it: only its author can change it. */
function ofAuthor(code: FailureCode) {
  return [code, 'author', false, 'fails', 'failed', 422] as const;
}
