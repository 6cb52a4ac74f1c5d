import type { Database, Transaction } from '../postgres/database.ts';

/** A statement that takes longer to count than this costs the service more than it tells. */
const statementTimeoutMs = 2_000;

/** Runs reads over all tenants in one transaction of the metrics scope, in which a slow statement is cancelled. */
export function inMetricsScope<T>(
  database: Pick<Database, 'withScope'>,
  reads: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return database.withScope('metrics', async (tx) => {
    await tx.raw(`set local statement_timeout = ${statementTimeoutMs}`);
    return reads(tx);
  });
}
