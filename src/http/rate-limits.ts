import { setTimeout as delay } from 'node:timers/promises';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { type Problem, problem } from '../platform/http/problem.ts';

export interface RateLimitOptions {
  /** Requests of one API key in a minute. */
  readonly requestsPerMinute: number;
  /** Requests of one tenant in a minute, with all of its keys; three times those of one key by default. */
  readonly tenantRequestsPerMinute?: number;
  /** Refused keys from one address in a minute; further ones are answered with 429. */
  readonly refusedKeysPerMinute: number;
  /** Requests a second without a valid key from one address; no limit where nothing is said. */
  readonly strangersPerSecond?: number;
}

/** Enough for many busy agents with one key; the limit stops a client in an endless loop. */
export const defaultRateLimits: RateLimitOptions = {
  requestsPerMinute: 3_000,
  refusedKeysPerMinute: 100,
  // More than the probes of an orchestrator, a scraper and a person who reads the documentation.
  strangersPerSecond: 50,
};

const guessPauseMs = 1_000;

/** As many fleets as there are roles, each with a key of its own. */
const fleetsOfTenant = 3;

export interface Allowance {
  /** `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` (seconds). */
  readonly headers: Readonly<Record<string, string>>;
  readonly problem?: Problem;
}

export interface RateLimits {
  /** Counts a request of a key, and of its tenant. The headers tell of the limit of which less is left. */
  request(tenantId: string, keyId: string): Promise<Allowance>;
  /**
   * Counts a refused key from an address; a problem once the limit is exceeded. It never limits a valid key, since another
   * client's guesses from behind the same proxy could otherwise lock a tenant out.
   */
  refusedKey(address: string): Promise<Problem | undefined>;
}

/** The limits of this process, counted in its memory: with two processes the limits double. */
export function createRateLimits(options: RateLimitOptions): RateLimits {
  const { requestsPerMinute, tenantRequestsPerMinute = requestsPerMinute * fleetsOfTenant } = options;
  const ofKeys = new RateLimiterMemory({ points: requestsPerMinute, duration: 60 });
  const ofTenants = new RateLimiterMemory({ points: tenantRequestsPerMinute, duration: 60 });
  const refusals = new RateLimiterMemory({ points: options.refusedKeysPerMinute, duration: 60 });

  return {
    async request(tenantId, keyId) {
      const ofKey = await consume(ofKeys, keyId);
      if (!ofKey.allowed) return allowance(ofKey, requestsPerMinute, 'This API key makes');
      const ofTenant = await consume(ofTenants, tenantId);
      return ofTenant.state.remainingPoints < ofKey.state.remainingPoints
        ? allowance(ofTenant, tenantRequestsPerMinute, 'This tenant makes')
        : allowance(ofKey, requestsPerMinute, 'This API key makes');
    },

    async refusedKey(address) {
      const { allowed, state } = await consume(refusals, address);
      // Each guess costs a look-up: the next one is made no sooner than this.
      if (!allowed) await delay(guessPauseMs);
      return allowed ? undefined : limited('This address presents', secondsOf(state), 'invalid keys');
    },
  };
}

interface Consumed {
  readonly allowed: boolean;
  readonly state: RateLimiterRes;
}

function allowance({ allowed, state }: Consumed, limit: number, who: string): Allowance {
  const resetSeconds = secondsOf(state);
  const headers = {
    'RateLimit-Limit': String(limit),
    'RateLimit-Remaining': String(Math.max(0, state.remainingPoints)),
    'RateLimit-Reset': String(resetSeconds),
  };
  return allowed ? { headers } : { headers, problem: limited(who, resetSeconds) };
}

/** The library rejects with its state, not with an error, when the limit is reached. */
async function consume(limiter: RateLimiterMemory, key: string): Promise<Consumed> {
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
