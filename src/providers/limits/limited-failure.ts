import type { Failure } from '../../domain/failures.ts';
import type { LimitNow } from './limits.ts';

/**
 * The failure of a call that a limit refuses before it is made. A used up quota is waited for by nobody: the article is blocked, and
 * tried again when the pause is over.
 */
export function failureOf({ by, until, retryInMs }: LimitNow): Failure {
  return by === 'quota'
    ? { code: 'quota_exhausted', renewsAt: until, called: false }
    : { code: 'provider_rate_limited', retryAfterMs: retryInMs, called: false };
}
