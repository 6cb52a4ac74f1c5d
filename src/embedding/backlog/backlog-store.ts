import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

/**
 * Marks the articles that are embedded, wholly or in part, in another space than this one as pending; returns how many. Articles that were
 * given up stay so. The tenant alone pays for their new vectors, because no API key has written anything.
 */
export async function markStaleBySpace(tx: Transaction, tenantId: string, spaceId: string): Promise<number> {
  return tx('article_embeddings')
    .where({ tenant_id: tenantId })
    .whereIn('status', ['embedded', 'partial'])
    .whereNot({ space_id: spaceId })
    .update({ status: 'pending', api_key_id: null, updated_at: tx.raw('clock_timestamp()') });
}

/**
 * Ends the wait of the articles that wait for the breaker or for the end of a pause of the key, after a person has ended it; returns
 * how many.
 */
export async function endBreakerWaits(tx: Transaction, tenantId: string): Promise<number> {
  return tx('article_embeddings')
    .where({ tenant_id: tenantId })
    .whereRaw(
      `(status, reason) in (('pending', 'circuit_open'), ('pending', 'provider_rate_limited'), ('blocked', 'quota_exhausted'))`,
    )
    .update({
      status: 'pending',
      reason: null,
      next_attempt_at: null,
      updated_at: tx.raw('clock_timestamp()'),
    });
}

/**
 * Lists articles of the tenant that wait for their vectors, in the order of their ids, after `afterId`. Blocked
 * articles are included, because a verdict on the old key or model may have been written after the new one had made
 * them pending.
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

/**
 * Counts the tenant's pending articles, and those of them with an id up to `upToId` (all of them when it is undefined).
 */
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

/** Whether a published article waits for its vectors: `pending` for a worker, or `blocked` for a person. */
export async function anyWaiting(tx: Transaction, tenantId: string): Promise<boolean> {
  const row: unknown = await tx('article_embeddings')
    .where({ tenant_id: tenantId })
    .whereIn('status', ['pending', 'blocked'])
    .first('article_id');
  return row !== undefined;
}

/** Marks the articles as started at this moment, so that they count as under way. */
export async function markStarted(
  tx: Transaction,
  tenantId: string,
  articleIds: readonly string[],
): Promise<void> {
  await tx('article_embeddings')
    .where({ tenant_id: tenantId, status: 'pending' })
    .whereRaw('article_id = any(?::uuid[])', [[...articleIds]])
    .update({ updated_at: tx.raw('clock_timestamp()') });
}

/** Makes these of the articles pending that a budget or a quota has blocked; returns how many. */
export async function unpark(
  tx: Transaction,
  tenantId: string,
  reason: 'budget_exhausted' | 'quota_exhausted',
  articleIds: readonly string[],
): Promise<number> {
  return tx('article_embeddings')
    .where({ tenant_id: tenantId, status: 'blocked', reason })
    .whereRaw('article_id = any(?::uuid[])', [[...articleIds]])
    .update({
      status: 'pending',
      reason: null,
      next_attempt_at: null,
      updated_at: tx.raw('clock_timestamp()'),
    });
}

/** Counts the tenant's pending articles, but no further than `limit`. */
export async function countPendingUpTo(tx: Transaction, tenantId: string, limit: number): Promise<number> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select count(*)::int as count from (
       select 1 from article_embeddings where tenant_id = :tenantId and status = 'pending' limit :limit) pending`,
    { tenantId, limit },
  );
  return z.tuple([z.object({ count: z.number() })]).parse(rows)[0].count;
}
