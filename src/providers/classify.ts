import type { Failure } from '../domain/failures.ts';

/** What may be read of a provider's refusal: the status, one word of its body if we know that word, and the wait. */
export interface Refusal {
  readonly status: number;
  /** `error.code` or `error.type` of the body. Compared with fixed lists, never kept. */
  readonly words: readonly string[];
  readonly headers: { get(name: string): string | null };
}

/** Words by which a 429 says that waiting will not help. */
const quotaWords = new Set(['insufficient_quota', 'billing_hard_limit_reached', 'billing_not_active']);

/** A provider that asks for a longer wait is asked again after this: a day's limit may end earlier than it says. */
const maxRetryAfterMs = 300_000;

/** Maps a refusal to a code of the failure table. Total: any status has a code. */
export function classifyRefusal(refusal: Refusal, now: number = Date.now()): Failure {
  const { status } = refusal;
  if (status === 401 || status === 403) return { code: 'credential_rejected' };
  if (status === 402) return { code: 'quota_exhausted' };
  if (status === 404) return { code: 'model_not_found' };
  if (status === 408) return { code: 'provider_timeout' };
  if (status === 429) {
    if (refusal.words.some((word) => quotaWords.has(word))) return { code: 'quota_exhausted' };
    const retryAfterMs = readRetryAfter(refusal.headers.get('retry-after'), now);
    return { code: 'provider_rate_limited', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  if (status >= 400 && status < 500) return { code: 'input_rejected' };
  if (status >= 500) return { code: 'provider_unavailable' };
  // A redirect is not followed: the key goes to the host that the operator named, and to no other.
  return { code: 'malformed_response' };
}

/** Retry-After as seconds or an HTTP date (RFC 9110, 10.2.3), in milliseconds, bounded. */
export function readRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const ms = /^\d{1,9}$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), maxRetryAfterMs) : undefined;
}
