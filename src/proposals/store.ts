import type { Transaction } from '../platform/postgres/database.ts';

/**
 * Locks the tenant's proposals until the transaction ends, so that of two similar ones the second sees the first. Fails
 * when the lock is not free within `leftMs` milliseconds.
 */
export async function lockProposals(tx: Transaction, tenantId: string, leftMs: number): Promise<void> {
  await Promise.all([
    limitComparison(tx, leftMs),
    tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`proposals ${tenantId}`]),
  ]);
}

/**
 * Makes each further statement of the transaction fail after `leftMs` milliseconds. The rest of the comparison waits
 * for no lock.
 */
export async function limitComparison(tx: Transaction, leftMs: number): Promise<void> {
  // For Postgres 0 means no limit.
  await tx.raw("select set_config('statement_timeout', ?, true)", [String(Math.max(1, Math.ceil(leftMs)))]);
}

/** Removes that limit for the rest of the transaction. */
export async function endComparison(tx: Transaction): Promise<void> {
  await tx.raw('set local statement_timeout to default');
}
