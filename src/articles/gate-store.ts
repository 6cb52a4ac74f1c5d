import { z } from 'zod';
import type { Transaction } from '../platform/postgres.ts';

/**
 * Lets the tenant's proposals take turns until the transaction ends: of two that are alike, the second sees the first. What
 * follows, the wait for the turn included, fails after `patienceMs`.
 */
export async function beginComparison(tx: Transaction, tenantId: string, patienceMs: number): Promise<void> {
  await Promise.all([
    tx.raw("select set_config('statement_timeout', ?, true)", [String(patienceMs)]),
    tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`proposals ${tenantId}`]),
  ]);
}

/** The rest of the transaction takes the time that it takes. */
export async function endComparison(tx: Transaction): Promise<void> {
  await tx.raw('set local statement_timeout to default');
}

/**
 * An article with this text: a published one, or else a draft that the gate itself has made of such a proposal. Other drafts
 * are their authors' own affair.
 */
export async function findEqualText(
  tx: Transaction,
  tenantId: string,
  contentHash: string,
): Promise<{ readonly id: string; readonly title: string } | undefined> {
  const row: unknown = await tx('articles')
    .where({ tenant_id: tenantId, content_hash: contentHash })
    .whereRaw(`(status = 'published' or (status = 'draft' and gate_verdict = 'low_novelty'))`)
    .orderByRaw(`(status = 'published') desc, created_at, id`)
    .first('id', 'title');
  return z.object({ id: z.string(), title: z.string() }).optional().parse(row);
}
