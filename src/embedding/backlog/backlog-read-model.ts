import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { SpaceKind } from '../../vectors/spaces.ts';

/**
 * Marks every published article without vectors of the current model and chunker as pending, after a change of key or
 * model; returns how many.
 */
export async function markStale(tx: Transaction, tenantId: string, current: SpaceKind): Promise<number> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `update article_embeddings e
        set status = 'pending', reason = null, next_attempt_at = null, updated_at = clock_timestamp()
      where e.tenant_id = :tenantId and e.status <> 'not_applicable'
        and not (e.status = 'embedded' and exists (
          select 1 from embedding_spaces s where s.tenant_id = e.tenant_id and s.id = e.space_id
             and s.model = :model and s.chunker_version = :chunkerVersion))`,
    { tenantId, ...current },
  );
  return rowCount;
}

/**
 * Lists articles of all tenants that should have a workflow and seem to have none, the longest idle first. They are
 * pending articles whose state has not changed for `idleMs` and that have no attempt announced for later, and articles
 * that the budget of a past month has blocked. An article with an outbox row is left out, because its signal is on its
 * way. For the scope of reconciliation.
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
