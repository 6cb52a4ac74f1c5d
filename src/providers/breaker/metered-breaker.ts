import type { ProviderMetrics } from '../metrics.ts';
import type { Breaker } from './breaker.ts';

/**
 * Wraps a breaker and counts its transitions when they happen. A transition that is rolled back afterwards stays
 * counted.
 */
export function meterBreaker(breaker: Breaker, metrics: Pick<ProviderMetrics, 'breakerChanged'>): Breaker {
  return {
    ...breaker,
    async acquire(tx, id, caller, leaseMs) {
      const acquired = await breaker.acquire(tx, id, caller, leaseMs);
      if (acquired.kind === 'permit' && acquired.probe) {
        metrics.breakerChanged({ provider: id.provider, to: 'probe' });
      }
      return acquired;
    },
    async report(tx, id, permit, verdict) {
      const transitions = await breaker.report(tx, id, permit, verdict);
      for (const to of transitions) metrics.breakerChanged({ provider: id.provider, to });
      return transitions;
    },
    async reset(tx, id) {
      await breaker.reset(tx, id);
      metrics.breakerChanged({ provider: id.provider, to: 'reset' });
    },
  };
}
