import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

const articleIds = z
  .array(z.object({ article_id: z.string() }))
  .transform((rows) => rows.map((row) => row.article_id));
const tenantIds = z
  .array(z.object({ tenant_id: z.string() }))
  .transform((rows) => rows.map((row) => row.tenant_id));

/** Begins a new round of all that waits or is blocked: a key or a model has changed. All of it is due at once. */
export async function beginRound(tx: Transaction, tenantId: string): Promise<void> {
  await tx('article_classifications')
    .where({ tenant_id: tenantId })
    .whereIn('status', ['pending', 'blocked'])
    .update({
      ...{ status: 'pending', reason: null },
      round: tx.raw('round + 1'),
      due_at: tx.raw('clock_timestamp()'),
      updated_at: tx.raw('clock_timestamp()'),
    });
}

/**
 * Lists some tenants with a classification that is due, at random, so that none is always behind the others. It costs one probe
 * of an index for each tenant that has some to come. For the scope of reconciliation.
 */
export async function listDueTenants(tx: Transaction, limit: number): Promise<string[]> {
  const oldestOf = (tenants: string) =>
    `select c.tenant_id, c.due_at from article_classifications c
      where c.due_at is not null and ${tenants} order by c.tenant_id, c.due_at limit 1`;
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with recursive oldest as (
       (${oldestOf('true')})
       union all
       select next.* from oldest, lateral (${oldestOf('c.tenant_id > oldest.tenant_id')}) next
     )
     select tenant_id from oldest where due_at < clock_timestamp() order by random() limit :limit`,
    { limit },
  );
  return tenantIds.parse(rows);
}

/**
 * Takes the classifications that are due longest, and makes them due again after `idleMs`. It takes as many as keep the tenant's
 * pending ones that are under way below `maxUnderWay`: a tenant with a hundred thousand has them classified in small parts.
 */
export async function takeDue(
  tx: Transaction,
  tenantId: string,
  limits: { readonly idleMs: number; readonly maxUnderWay: number },
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with under_way as (
       select count(*)::int as count from (
         select 1 from article_classifications
          where tenant_id = :tenantId and status = 'pending' and due_at >= clock_timestamp() limit :maxUnderWay) busy
     ),
     due as (
       select article_id from article_classifications
        where tenant_id = :tenantId and due_at < clock_timestamp()
        order by due_at
        limit (select :maxUnderWay - count from under_way)
        for update
     )
     update article_classifications c
        set status = 'pending', reason = case when c.status = 'pending' then c.reason end, due_at = clock_timestamp() + :idleMs * interval '1 millisecond',
            updated_at = clock_timestamp()
       from due
      where c.tenant_id = :tenantId and c.article_id = due.article_id
      returning c.article_id`,
    { tenantId, ...limits },
  );
  return articleIds.parse(rows);
}
