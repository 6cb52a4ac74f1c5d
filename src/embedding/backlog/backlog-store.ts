import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

/**
 * After a key or model has changed: every published article without vectors of the current model is pending again.
 * Answers how many there are.
 */
export async function markStale(tx: Transaction, tenantId: string, model: string): Promise<number> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `update article_embeddings e
        set status = 'pending', reason = null, next_attempt_at = null, updated_at = clock_timestamp()
      where e.tenant_id = :tenantId and e.status <> 'not_applicable'
        and not (e.status = 'embedded' and exists (
          select 1 from embedding_spaces s where s.tenant_id = e.tenant_id and s.id = e.space_id and s.model = :model))`,
    { tenantId, model },
  );
  return rowCount;
}

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

/**
 * Articles, of any tenant, that should have a workflow and seem to have none: pending ones whose state nothing has touched
 * for `idleMs`, with no attempt announced for later; and those that a budget of a month gone by has parked. None with an
 * outbox row on its way. For the scope of reconciliation.
 */
export async function listStuck(
  tx: Transaction,
  idleMs: number,
  limit: number,
): Promise<{ readonly tenantId: string; readonly articleId: string }[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select e.tenant_id, e.article_id
       from article_embeddings e
      where ((e.status = 'pending'
              and e.updated_at < now() - :idleMs * interval '1 millisecond'
              and (e.next_attempt_at is null or e.next_attempt_at < clock_timestamp()))
          or (e.status = 'blocked' and e.reason = 'budget_exhausted'
              and not exists (select 1 from monthly_usage u
                               where u.tenant_id = e.tenant_id and u.exhausted_at is not null
                                 and u.month = date_trunc('month', now() at time zone 'UTC')::date)))
        and not exists (select 1 from outbox o
                         where o.tenant_id = e.tenant_id and o.kind = 'article' and o.subject_id = e.article_id)
      order by e.updated_at
      limit :limit`,
    { idleMs, limit },
  );
  return z
    .array(z.object({ tenant_id: z.string(), article_id: z.string() }))
    .parse(rows)
    .map((row) => ({ tenantId: row.tenant_id, articleId: row.article_id }));
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
