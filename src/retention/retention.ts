import type { Database } from '../platform/postgres/database.ts';
import { sumOverTenants } from '../platform/postgres/each-tenant.ts';
import type { RetentionRule } from '../platform/retention/retention-rule.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { RetentionMetrics } from './metrics.ts';

/** Ends the rows of everything that grows. */
export interface Retention {
  /** One batch for some tenants of each table; returns the number of rows deleted. */
  sweep(): Promise<number>;
}

/** The rows of a statement: some milliseconds, so that a tenant's own statement that waits for it does not notice. */
const maxRows = 200;
/** The tenants of a table that one run serves, and so the batches of a run: the runs follow each other every 15 s. */
const maxTenants = 10;

/**
 * Creates the sweep. Each batch is a transaction of its tenant, among the tenant's own connections. A tenant with a million
 * rows past their end gets one batch a run, like any other.
 */
export function createRetentionService(deps: {
  readonly database: Database;
  readonly metrics: RetentionMetrics;
  readonly rules: readonly RetentionRule[];
  readonly log: Pick<Logger, 'warn'>;
}): Retention {
  const { database, metrics, rules, log } = deps;

  const sweepTable = async (rule: RetentionRule) => {
    const { table, keptMs } = rule;
    const { tenantIds, overdueSeconds } = await database.withScope('retention', (tx) =>
      rule.findDue(tx, keptMs, maxTenants),
    );
    metrics.overdue(table, overdueSeconds);
    const deleteBatch = async (tenantId: string) => {
      const rows = await database.withTenant(tenantId, (tx) =>
        rule.deleteBatch(tx, tenantId, { keptMs, maxRows }),
      );
      metrics.deleted(table, rows);
      return rows;
    };
    return sumOverTenants(tenantIds, deleteBatch, log);
  };

  return {
    async sweep() {
      let sum = 0;
      for (const rule of rules) sum += await sweepTable(rule);
      return sum;
    },
  };
}
