import type { Audit } from '../audit/service.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { type BlockedOperations, createBlockedOperations } from './blocked-operations.ts';
import type { UsageMetrics } from './metrics.ts';
import { createUsageService, type Usage } from './service.ts';

/** Wires call records, budgets and the ledger, and the counting of operations that are skipped without a key. */
export function createUsage(deps: {
  readonly database: Database;
  readonly audit: Audit;
  readonly log: Logger;
  readonly metrics: Pick<UsageMetrics, 'budgetReached' | 'blockedWithoutKey'>;
}): { readonly usage: Usage; readonly blocked: BlockedOperations } {
  return { usage: createUsageService(deps), blocked: createBlockedOperations(deps) };
}
