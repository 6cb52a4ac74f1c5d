import type { Database, Transaction } from '../postgres/database.ts';

/** A longer statement would cost the service more than its numbers are worth. */
const statementTimeoutMs = 2_000;

/** Runs reads over all tenants in one transaction of the metrics scope. Rejects when a statement is slow and cancelled. */
export function inMetricsScope<T>(
  database: Pick<Database, 'withScope'>,
  reads: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return database.withScope('metrics', async (tx) => {
    await tx.raw(`set local statement_timeout = ${statementTimeoutMs}`);
    return reads(tx);
  });
}
