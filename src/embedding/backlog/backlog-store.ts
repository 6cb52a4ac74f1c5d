import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

/** What is embedded in another space than this one is pending again; what was given up stays so. Answers how many there are. */
export async function markStaleBySpace(tx: Transaction, tenantId: string, spaceId: string): Promise<number> {
  return tx('article_embeddings')
    .where({ tenant_id: tenantId, status: 'embedded' })
    .whereNot({ space_id: spaceId })
    .update({ status: 'pending', updated_at: tx.raw('clock_timestamp()') });
}

/** After the breaker was closed by hand: no article waits for it any longer. Answers how many did. */
export async function endBreakerWaits(tx: Transaction, tenantId: string): Promise<number> {
  return tx('article_embeddings')
    .where({ tenant_id: tenantId, status: 'pending', reason: 'circuit_open' })
    .update({ reason: null, next_attempt_at: null, updated_at: tx.raw('clock_timestamp()') });
}

/**
 * Articles of the tenant that wait for their vectors, in the order of their ids, after `afterId`. Blocked ones too: a
 * verdict on the old key or model may have been written after the new one had made them pending.
 */
export async function listWaiting(
  tx: Transaction,
  tenantId: string,
  afterId: string | undefined,
  limit: number,
): Promise<string[]> {
  const query = tx('article_embeddings')
    .where({ tenant_id: tenantId })
    .whereIn('status', ['pending', 'blocked']);
  if (afterId !== undefined) query.where('article_id', '>', afterId);
  const ids: unknown = await query.orderBy('article_id').limit(limit).pluck('article_id');
  return z.array(z.string()).parse(ids);
}

/** How many of the tenant's articles are pending, and how many of those come no later than `upToId`. */
export async function countPending(
  tx: Transaction,
  tenantId: string,
  upToId: string | undefined,
): Promise<{ readonly pending: number; readonly underWay: number }> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select count(*) as pending, count(*) filter (where :upToId::uuid is null or article_id <= :upToId::uuid) as under_way
       from article_embeddings where tenant_id = :tenantId and status = 'pending'`,
    { tenantId, upToId: upToId ?? null },
  );
  const [row] = z.tuple([z.object({ pending: z.coerce.number(), under_way: z.coerce.number() })]).parse(rows);
  return { pending: row.pending, underWay: row.under_way };
}

/** Whether some published article waits for its vectors, be it for a worker or for a person. */
export async function anyWaiting(tx: Transaction, tenantId: string): Promise<boolean> {
  const row: unknown = await tx('article_embeddings')
    .where({ tenant_id: tenantId })
    .whereIn('status', ['pending', 'blocked'])
    .first('article_id');
  return row !== undefined;
}

/** The article is to be embedded from now on: the next sweep leaves it its chance. */
export async function markRequeued(tx: Transaction, tenantId: string, articleId: string): Promise<void> {
  await tx('article_embeddings')
    .where({ tenant_id: tenantId, article_id: articleId })
    .whereIn('status', ['pending', 'blocked'])
    .update({
      status: 'pending',
      reason: null,
      next_attempt_at: null,
      updated_at: tx.raw('clock_timestamp()'),
    });
}
