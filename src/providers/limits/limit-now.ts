import type { Failure } from '../../domain/failures.ts';
import type { Limited } from './limit-state.ts';
import type { LimitRow } from './limits-store.ts';
import { limitedNow } from './pacing.ts';

/** A limit that refuses calls now: which, until when, and how many milliseconds that is. */
export interface LimitNow extends Pick<Limited, 'by'> {
  readonly until: Date;
  readonly retryInMs: number;
}

/** A limit as it is told, counted from now. */
export const limitNow = ({ by, untilMs }: Limited, nowMs: number): LimitNow => ({
  by,
  until: new Date(untilMs),
  retryInMs: Math.max(Math.ceil(untilMs - nowMs), 1),
});

/** What would refuse a call of this key as it was seen; undefined for a key that may call. Only `take` decides. */
export function limitOf(
  { state, nowMs }: LimitRow,
  keyVersion: number,
  likelyTokens: () => number = () => 1,
): LimitNow | undefined {
  if (state?.keyVersion !== keyVersion) return undefined;
  const limited = limitedNow(state, nowMs, likelyTokens);
  return limited && limitNow(limited, nowMs);
}

/** Whether nothing is known of this key that limits it. */
export const isUnlimited = ({ state }: LimitRow, keyVersion: number): boolean =>
  state?.keyVersion !== keyVersion ||
  (state.requests === null && state.tokens === null && state.pause === null);

/**
 * The failure of a call that a limit refuses before it is made. A used up quota is waited for by nobody: the article is blocked, and
 * tried again when the pause is over.
 */
export function failureOf({ by, until, retryInMs }: LimitNow): Failure {
  return by === 'quota'
    ? { code: 'quota_exhausted', renewsAt: until, called: false }
    : { code: 'provider_rate_limited', retryAfterMs: retryInMs, called: false };
}
