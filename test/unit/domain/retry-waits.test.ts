import { describe, expect, it } from 'vitest';
import { type FailureCode, failureCodes, failureTraits } from '../../../src/domain/failures.ts';
import { retryWaitMs } from '../../../src/domain/retry-waits.ts';

describe('the wait before a retry', () => {
  it('doubles from 2 s, and stops at 5 min', () => {
    const waits = Array.from({ length: 10 }, (_, tries) =>
      retryWaitMs({ code: 'provider_unavailable' }, tries),
    );
    expect(waits.map((ms) => (ms ?? 0) / 1_000)).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    expect(retryWaitMs({ code: 'provider_timeout' }, 100_000)).toBe(300_000);
  });

  it('for the custody of keys stops at 30 s', () => {
    expect(retryWaitMs({ code: 'vault_unavailable' }, 0)).toBe(2_000);
    expect(retryWaitMs({ code: 'vault_unavailable' }, 9)).toBe(30_000);
  });

  it('is the one that the provider names, unless it has failed too often for that', () => {
    const limited = (retryAfterMs: number, tries: number) =>
      retryWaitMs({ code: 'provider_rate_limited', retryAfterMs }, tries);
    expect(limited(60_000, 0)).toBe(60_000);
    expect(limited(0, 0)).toBe(2_000);
    expect(limited(1_000, 5)).toBe(64_000);
    expect(limited(86_400_000, 0)).toBe(300_000);
  });

  it('for the breaker is the one that it names, however often', () => {
    expect(retryWaitMs({ code: 'circuit_open', retryAfterMs: 600_000 }, 9)).toBe(600_000);
    expect(retryWaitMs({ code: 'circuit_open', retryAfterMs: 1 }, 9)).toBe(1);
  });

  it('for a budget is there only while the budget is reserved and not spent', () => {
    expect(retryWaitMs({ code: 'budget_exhausted', retryAfterMs: 15_000 }, 3)).toBe(15_000);
    expect(retryWaitMs({ code: 'budget_exhausted' }, 0)).toBeUndefined();
  });

  it('is not there for a code that is not retried, nor for an answer that cannot be used', () => {
    const retried = failureCodes.filter((code) => retryWaitMs({ code }, 0) !== undefined);
    const expected: FailureCode[] = failureCodes.filter(
      (code) => ['retries', 'waits'].includes(failureTraits[code].workflow) && code !== 'malformed_response',
    );
    expect(retried).toEqual(expected);
  });
});
