import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

/** Articles that a budget has blocked, and whose API key can pay again today, if one pays. The month is left to the caller. */
const admittedSql = `e.status = 'blocked' and e.reason = 'budget_exhausted'
  and not exists (select 1 from daily_key_usage d
                   where d.tenant_id = e.tenant_id and d.api_key_id = e.api_key_id
                     and d.exhausted_at is not null and d.day = (now() at time zone 'UTC')::date)`;

/**
 * Lists some tenants with articles that a budget has blocked and that the current month and day admit again, at random, so
 * that none is always behind the others. For the scope of reconciliation.
 */
export async function listAdmittedTenants(tx: Transaction, limit: number): Promise<string[]> {
  const nextOf = (tenants: string) =>
    `select e.tenant_id from article_embeddings e
      where e.status = 'blocked' and e.reason = 'budget_exhausted' and ${tenants} order by e.tenant_id limit 1`;
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with recursive parked as (
       (${nextOf('true')})
       union all
       select next.* from parked, lateral (${nextOf('e.tenant_id > parked.tenant_id')}) next
     )
     select tenant_id from parked p
      where not exists (select 1 from monthly_usage u
                         where u.tenant_id = p.tenant_id and u.exhausted_at is not null
                           and u.month = date_trunc('month', now() at time zone 'UTC')::date)
        and exists (select 1 from article_embeddings e where e.tenant_id = p.tenant_id and ${admittedSql})
      order by random() limit :limit`,
    { limit },
  );
  return z
    .array(z.object({ tenant_id: z.string() }))
    .parse(rows)
    .map((row) => row.tenant_id);
}

/** Lists up to `limit` articles of the tenant that its budgets admit again, in the order of their ids, as a backlog starts them. */
export async function listAdmitted(tx: Transaction, tenantId: string, limit: number): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select e.article_id from article_embeddings e
      where e.tenant_id = :tenantId and ${admittedSql} order by e.article_id limit :limit`,
    { tenantId, limit },
  );
  return z
    .array(z.object({ article_id: z.string() }))
    .parse(rows)
    .map((row) => row.article_id);
}
