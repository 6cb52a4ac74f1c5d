import { z } from 'zod';
import type { Failure, FailureCode } from '../../domain/failures.ts';
import { type ReadableHeaders, readRetryAfter } from './retry-after.ts';

/** What is read of a provider's refusal. */
export interface ProviderRefusal {
  readonly status: number;
  /**
   * Error codes and types of the body, the most precise first. They are compared with the fixed list and never stored.
   */
  readonly words: readonly string[];
  /** For the wait that the provider asks for. */
  readonly headers: ReadableHeaders;
}

/**
 * The words of an error body that decide its code, of OpenAI-compatible servers and of Anthropic. Other words are
 * ignored. So are the general ones (`invalid_request_error`, `api_error`, `server_error`), because the status says
 * more.
 */
const knownWords = {
  insufficient_quota: 'quota_exhausted',
  billing_hard_limit_reached: 'quota_exhausted',
  billing_not_active: 'quota_exhausted',
  credit_balance_exhausted: 'quota_exhausted',
  organization_spend_limit_exceeded: 'quota_exhausted',
  organization_usage_limit_exceeded: 'quota_exhausted',
  project_spend_limit_exceeded: 'quota_exhausted',
  billing_error: 'quota_exhausted',
  credit_balance_too_low: 'quota_exhausted',
  contract_spend_limit_reached: 'quota_exhausted',
  enforced_spend_limit_reached: 'quota_exhausted',

  invalid_api_key: 'credential_rejected',
  account_deactivated: 'credential_rejected',
  authentication_error: 'credential_rejected',
  permission_error: 'credential_rejected',
  organization_on_hold: 'credential_rejected',

  // OpenAI sends it with 404 or, for a model that the key's project may not use, with 403. The key itself is good.
  model_not_found: 'model_not_found',
  not_found_error: 'model_not_found',

  context_length_exceeded: 'input_rejected',
  string_above_max_length: 'input_rejected',
  request_too_large: 'input_rejected',

  rate_limit_exceeded: 'provider_rate_limited',
  rate_limit_error: 'provider_rate_limited',
  ramp_limit_exceeded: 'provider_rate_limited',

  timeout_error: 'provider_timeout',
  overloaded_error: 'provider_unavailable',
} as const satisfies Record<string, FailureCode>;

const isKnownWord = (word: string): word is keyof typeof knownWords => Object.hasOwn(knownWords, word);

/**
 * Maps a refusal to a code of the failure table. Any status, words and headers have a code. `nowMs` is the time from
 * which an absolute reset time is counted.
 */
export function classifyRefusal(refusal: ProviderRefusal, nowMs: number = Date.now()): Failure {
  const code = codeOf(refusal);
  const retryAfterMs = code === 'provider_rate_limited' ? readRetryAfter(refusal.headers, nowMs) : undefined;
  return { code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

function codeOf({ status, words }: ProviderRefusal): FailureCode {
  const known = words.find(isKnownWord);
  const byWord = known === undefined ? undefined : knownWords[known];
  if (status >= 500) return byWord === 'provider_timeout' ? byWord : 'provider_unavailable';
  // A redirect is not followed, because the key is sent only to the host that the operator named.
  if (!(status >= 400)) return 'malformed_response';
  if (byWord !== undefined) return byWord;
  switch (status) {
    case 401:
    case 403:
      return 'credential_rejected';
    case 402:
      return 'quota_exhausted';
    case 404:
      return 'model_not_found';
    case 408:
      return 'provider_timeout';
    case 429:
      return 'provider_rate_limited';
    default:
      return 'input_rejected';
  }
}

const word = z.string().max(100).optional().catch(undefined);
const errorBody = z.object({
  error: z.object({
    code: word,
    type: word,
    message: z.string().optional().catch(undefined),
    details: z.object({ error_code: word }).optional().catch(undefined),
  }),
});

/**
 * Reads the words of an error body, the most precise first. Anthropic reports a spent balance with a plain
 * `invalid_request_error` that only the message explains, so the beginning of that message counts as a word. Only the
 * beginning, because the rest of a message may quote an article. If the sentence changes, the code is `input_rejected`.
 */
export function readErrorWords(body: unknown): readonly string[] {
  const parsed = errorBody.safeParse(body);
  if (!parsed.success) return [];
  const { code, type, message, details } = parsed.data.error;
  const spent = type === 'invalid_request_error' && /^your credit balance is too low\b/i.test(message ?? '');
  return [details?.error_code, code, spent ? 'credit_balance_too_low' : undefined, type].filter(
    (found) => found !== undefined,
  );
}
