import { sumInTurn } from '../platform/async/sum-in-turn.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { RetentionRule } from '../platform/retention/retention-rule.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import type { RetentionMetrics } from './metrics.ts';

/** Ends the rows of everything that grows. */
export interface Retention {
  /** One batch for some tenants of each table, as many tables as there is time for; returns the number of rows deleted. */
  sweep(): Promise<number>;
}

/** The rows of a statement: some milliseconds, so that a tenant's own statement that waits for it does not notice. */
const maxRows = 200;
/** The tenants of a table that one run serves, and so the batches of a run: the runs follow each other every 15 s. */
const maxTenants = 10;
/** After this no further table begins: a run takes a second or two, and on a slow database it ends before its activity does. */
const longestSweepMs = 60_000;

/**
 * Creates the sweep. Each batch is a transaction of its tenant, among the tenant's own connections. A tenant with a million
 * rows past their end gets one batch a run, like any other, and one whose batch fails is left to the next run.
 */
export function createRetentionService(deps: {
  readonly database: Database;
  readonly metrics: RetentionMetrics;
  readonly rules: readonly RetentionRule[];
  readonly log: Pick<Logger, 'warn'>;
  readonly sweepMs?: number;
}): Retention {
  const { database, metrics, rules, log, sweepMs = longestSweepMs } = deps;
  /** Where the next run begins, so that on a slow database the last tables have their turn, too. */
  let next = 0;

  const sweepTable = async (rule: RetentionRule) => {
    const { table, keptMs } = rule;
    const { tenantIds, overdueSeconds } = await database.withScope('retention', (tx) =>
      rule.findDue(tx, keptMs, maxTenants),
    );
    metrics.overdue(table, overdueSeconds);
    return sumInTurn(
      tenantIds,
      async (tenantId) => {
        const rows = await database.withTenant(tenantId, (tx) =>
          rule.deleteBatch(tx, tenantId, { keptMs, maxRows }),
        );
        metrics.deleted(table, rows);
        return rows;
      },
      (tenantId, error) =>
        log.warn({ error, tenant_id: tenantId, table }, 'rows past their end stay for now'),
    );
  };

  return {
    async sweep() {
      const endsAt = performance.now() + sweepMs;
      let sum = 0;
      for (const rule of [...rules.slice(next), ...rules.slice(0, next)]) {
        sum += await sweepTable(rule);
        next = (next + 1) % rules.length;
        if (performance.now() >= endsAt) break;
      }
      return sum;
    },
  };
}
