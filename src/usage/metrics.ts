import type { Registry } from 'prom-client';
import { type BlockableOperation, blockableOperations } from '../domain/operations.ts';
import { createCounter } from '../platform/telemetry/counters.ts';

/** The counters of budgets and of operations without a key. */
export interface UsageMetrics {
  /** An operation was skipped because its tenant has no key for it. */
  blockedWithoutKey(operation: BlockableOperation): void;
  /** A tenant's month has reached this share of its token budget. */
  budgetReached(percent: 80 | 100): void;
}

/** Registers the counters of the usage feature. */
export function createUsageMetrics(registry: Registry): UsageMetrics {
  const blocked = createCounter(registry, {
    name: 'lorekeep_blocked_no_api_key_total',
    help: 'Operations skipped because the tenant has no key',
    labels: { operation: blockableOperations },
    fromZero: true,
  });
  const budgets = createCounter(registry, {
    name: 'lorekeep_budget_reached_total',
    help: 'Months that reached a share of their budget',
    labels: { percent: ['80', '100'] },
    fromZero: true,
  });

  return {
    blockedWithoutKey: (operation) => blocked.inc({ operation }),
    budgetReached: (percent) => budgets.inc({ percent: String(percent) }),
  };
}
