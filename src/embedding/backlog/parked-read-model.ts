import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

/**
 * Lists some tenants with articles that a budget has blocked and that the current month admits again, at random, so that none
 * is always behind the others. For the scope of reconciliation.
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
      order by random() limit :limit`,
    { limit },
  );
  return z
    .array(z.object({ tenant_id: z.string() }))
    .parse(rows)
    .map((row) => row.tenant_id);
}
