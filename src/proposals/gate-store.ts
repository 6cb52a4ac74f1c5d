import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import type { Wanted } from './decision.ts';

/**
 * Lets the tenant's proposals take turns until the transaction ends: of two that are alike, the second sees the first. Fails
 * where the turn does not come within what is left of the patience.
 */
export async function takeTurn(tx: Transaction, tenantId: string, leftMs: number): Promise<void> {
  await Promise.all([
    limitComparison(tx, leftMs),
    tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`proposals ${tenantId}`]),
  ]);
}

/** From here on each statement fails after what is left of the patience: the rest of the comparison waits for nobody's lock. */
export async function limitComparison(tx: Transaction, leftMs: number): Promise<void> {
  // To Postgres 0 is no limit.
  await tx.raw("select set_config('statement_timeout', ?, true)", [String(Math.max(1, Math.ceil(leftMs)))]);
}

/** The rest of the transaction takes the time that it takes. */
export async function endComparison(tx: Transaction): Promise<void> {
  await tx.raw('set local statement_timeout to default');
}

/**
 * An article with this text: a published one, or else a draft that the gate itself has made of such a proposal. A proposal
 * that asks for a draft is held against the drafts that the gate has let through, too. Who asks to publish is not: he may have
 * the same as a draft of his own.
 */
export async function findEqualText(
  tx: Transaction,
  tenantId: string,
  { contentHash, status }: Wanted,
): Promise<{ readonly id: string; readonly title: string } | undefined> {
  const verdicts = status === 'draft' ? ['low_novelty', 'novel'] : ['low_novelty'];
  const row: unknown = await tx('articles')
    .where({ tenant_id: tenantId, content_hash: contentHash })
    .whereRaw(`(status = 'published' or (status = 'draft' and gate_verdict = any(?::text[])))`, [verdicts])
    .orderByRaw(`(status = 'published') desc, created_at, id`)
    .first('id', 'title');
  return z.object({ id: z.string(), title: z.string() }).optional().parse(row);
}
