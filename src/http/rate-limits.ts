import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { type Problem, problem } from '../platform/http/problem.ts';

export interface RateLimitOptions {
  /** Requests of one API key in a minute. */
  readonly requestsPerMinute: number;
  /** Refused keys from one address in a minute; further ones are answered with 429. */
  readonly refusedKeysPerMinute: number;
}

/** Enough for many busy agents with one key; the limit stops a client in an endless loop. */
export const defaultRateLimits: RateLimitOptions = { requestsPerMinute: 3_000, refusedKeysPerMinute: 100 };

export interface Allowance {
  /** `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (seconds). */
  readonly headers: Readonly<Record<string, string>>;
  readonly problem?: Problem;
}

export interface RateLimits {
  /** Counts a request of a key. */
  request(keyId: string): Promise<Allowance>;
  /**
   * Counts a refused key from an address; a problem once the limit is exceeded. It never limits a valid key, since another
   * client's guesses from behind the same proxy could otherwise lock a tenant out.
   */
  refusedKey(address: string): Promise<Problem | undefined>;
}

/** The limits of this process, counted in its memory: with two processes the limits double. */
export function createRateLimits(options: RateLimitOptions): RateLimits {
  const requests = new RateLimiterMemory({ points: options.requestsPerMinute, duration: 60 });
  const refusals = new RateLimiterMemory({ points: options.refusedKeysPerMinute, duration: 60 });

  return {
    async request(keyId) {
      const { allowed, state } = await consume(requests, keyId);
      const resetSeconds = secondsOf(state);
      const headers = {
        'RateLimit-Limit': String(options.requestsPerMinute),
        'RateLimit-Remaining': String(Math.max(0, state.remainingPoints)),
        'RateLimit-Reset': String(resetSeconds),
      };
      return allowed ? { headers } : { headers, problem: limited('This API key makes', resetSeconds) };
    },

    async refusedKey(address) {
      const { allowed, state } = await consume(refusals, address);
      return allowed ? undefined : limited('This address presents', secondsOf(state), 'invalid keys');
    },
  };
}

/** Above the limit the library rejects with its state and not with an error. */
async function consume(
  limiter: RateLimiterMemory,
  key: string,
): Promise<{ allowed: boolean; state: RateLimiterRes }> {
  try {
    return { allowed: true, state: await limiter.consume(key) };
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) return { allowed: false, state: refusal };
    throw refusal;
  }
}

function secondsOf(state: RateLimiterRes): number {
  return Math.max(1, Math.ceil(state.msBeforeNext / 1_000));
}

function limited(who: string, retryAfterSeconds: number, what = 'requests'): Problem {
  return problem('rate_limited', `${who} too many ${what}. Try again in ${retryAfterSeconds} s.`, {
    headers: { 'Retry-After': String(retryAfterSeconds) },
  });
}
