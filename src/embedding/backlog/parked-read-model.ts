import { z } from 'zod';
import { renewalOf } from '../../domain/budget-period.ts';
import type { Transaction } from '../../platform/postgres/database.ts';

/** The condition on an article `e`: a budget has blocked it. */
const parkedSql = `e.status = 'blocked' and e.reason = 'budget_exhausted'`;

/** The condition on a row `t` of a tenant: its month is not exhausted now. */
const openMonthSql = `not exists (
  select 1 from monthly_usage u
   where u.tenant_id = t.tenant_id and u.exhausted_at is not null
     and u.month = date_trunc('month', now() at time zone 'UTC')::date)`;

/** The condition on an article `e`: the day of its API key is not exhausted now. */
const openDaySql = `not exists (
  select 1 from daily_key_usage d
   where d.tenant_id = e.tenant_id and d.api_key_id = e.api_key_id
     and d.exhausted_at is not null and d.day = (now() at time zone 'UTC')::date)`;

/** The condition on an article `e` of a tenant whose month is not exhausted: nor is the day of its API key. */
const admittedSql = `${parkedSql} and ${openDaySql}`;

/**
 * Lists some tenants with articles that a budget has blocked and that would be admitted again, at random, so that none is always
 * behind the others. A tenant whose month is exhausted costs two probes of an index, however many of its articles wait (the months are
 * looked at once, materialized, before any article). For the scope of reconciliation.
 */
export async function listAdmittedTenants(tx: Transaction, limit: number): Promise<string[]> {
  const nextOf = (tenants: string) =>
    `select e.tenant_id from article_embeddings e
      where ${parkedSql} and ${tenants} order by e.tenant_id limit 1`;
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with recursive parked as (
       (${nextOf('true')})
       union all
       select next.* from parked, lateral (${nextOf('e.tenant_id > parked.tenant_id')}) next
     ),
     open as materialized (select t.tenant_id from parked t where ${openMonthSql})
     select open.tenant_id
       from open, lateral (select 1 from article_embeddings e
                            where e.tenant_id = open.tenant_id and ${admittedSql} limit 1) admitted
      order by random() limit :limit`,
    { limit },
  );
  return z
    .array(z.object({ tenant_id: z.string() }))
    .parse(rows)
    .map((row) => row.tenant_id);
}

/** Lists these articles of one tenant, in the order of their ids, as a backlog starts them. */
export async function listAdmitted(tx: Transaction, tenantId: string, limit: number): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select e.article_id from article_embeddings e
      where e.tenant_id = :tenantId and ${admittedSql}
        and exists (select 1 from (values (:tenantId::uuid)) t(tenant_id) where ${openMonthSql})
      order by e.article_id limit :limit`,
    { tenantId, limit },
  );
  return z
    .array(z.object({ article_id: z.string() }))
    .parse(rows)
    .map((row) => row.article_id);
}

/**
 * When the budgets that are exhausted for an article begin anew: the tenant's month, or the day of its API key. Undefined where none
 * is exhausted any more.
 */
export async function findRenewal(
  tx: Transaction,
  tenantId: string,
  articleId: string,
): Promise<Date | undefined> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select ${openMonthSql} as month_open, ${openDaySql} as day_open
       from article_embeddings e join lateral (select e.tenant_id) t on true
      where e.tenant_id = :tenantId and e.article_id = :articleId`,
    { tenantId, articleId },
  );
  const [row] = z.array(z.object({ month_open: z.boolean(), day_open: z.boolean() })).parse(rows);
  if (row === undefined || (row.month_open && row.day_open)) return undefined;
  return renewalOf(row.month_open ? 'day' : 'month', new Date());
}
