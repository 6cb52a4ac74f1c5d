import type { Transaction } from '../platform/postgres/database.ts';

/**
 * Locks the tenant's proposals until the transaction ends: of two that are alike, the second sees the first. Fails when the
 * lock is not free within `leftMs`.
 */
export async function lockProposals(tx: Transaction, tenantId: string, leftMs: number): Promise<void> {
  await Promise.all([
    limitComparison(tx, leftMs),
    tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`proposals ${tenantId}`]),
  ]);
}

/** From here on each statement fails after `leftMs`: the rest of the comparison waits for no lock. */
export async function limitComparison(tx: Transaction, leftMs: number): Promise<void> {
  // To Postgres 0 is no limit.
  await tx.raw("select set_config('statement_timeout', ?, true)", [String(Math.max(1, Math.ceil(leftMs)))]);
}

/** Ends that limit for the rest of the transaction. */
export async function endComparison(tx: Transaction): Promise<void> {
  await tx.raw('set local statement_timeout to default');
}
