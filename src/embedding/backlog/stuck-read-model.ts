import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

/** Pending articles whose state has not changed for so long, and with no attempt announced for later: nothing seems to embed them. */
const stuckSql = `e.status = 'pending' and e.updated_at < now() - :idleMs * interval '1 millisecond'
  and (e.next_attempt_at is null or e.next_attempt_at < clock_timestamp())`;

const tenantIds = z
  .array(z.object({ tenant_id: z.string() }))
  .transform((rows) => rows.map((row) => row.tenant_id));

/**
 * Lists some tenants with a pending article that has not changed for `idleMs`, at random, so that none is always behind the
 * others. It costs one probe of an index for each tenant with pending articles. For the scope of reconciliation.
 */
export async function listIdleTenants(tx: Transaction, idleMs: number, limit: number): Promise<string[]> {
  const oldestOf = (tenants: string) =>
    `select e.tenant_id, e.updated_at from article_embeddings e
      where e.status = 'pending' and ${tenants} order by e.tenant_id, e.updated_at limit 1`;
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with recursive oldest as (
       (${oldestOf('true')})
       union all
       select next.* from oldest, lateral (${oldestOf('e.tenant_id > oldest.tenant_id')}) next
     )
     select tenant_id from oldest where updated_at < now() - :idleMs * interval '1 millisecond'
      order by random() limit :limit`,
    { idleMs, limit },
  );
  return tenantIds.parse(rows);
}

/** The articles of a tenant that nothing seems to embed, and how many others are under way, each up to a limit. */
export interface Stuck {
  readonly articleIds: readonly string[];
  readonly underWay: number;
}

/** Reads them. An article or a backlog with an outbox row counts as under way, because its signal is on its way. */
export async function readStuck(
  tx: Transaction,
  tenantId: string,
  limits: { readonly idleMs: number; readonly maxStuck: number; readonly maxUnderWay: number },
): Promise<Stuck> {
  const [stuck, underWay] = await Promise.all([
    tx.raw<{ rows: unknown[] }>(
      `select e.article_id from article_embeddings e
        where e.tenant_id = :tenantId and ${stuckSql}
          and not exists (select 1 from outbox o
                           where o.tenant_id = e.tenant_id
                             and (o.kind = 'backlog' or (o.kind = 'article' and o.subject_id = e.article_id)))
        order by e.updated_at limit :maxStuck`,
      { tenantId, ...limits },
    ),
    tx.raw<{ rows: unknown[] }>(
      `select count(*)::int as count from (
         select 1 from article_embeddings e
          where e.tenant_id = :tenantId and e.status = 'pending' and not (${stuckSql}) limit :maxUnderWay) busy`,
      { tenantId, ...limits },
    ),
  ]);
  return {
    articleIds: z
      .array(z.object({ article_id: z.string() }))
      .parse(stuck.rows)
      .map(({ article_id }) => article_id),
    underWay: z.tuple([z.object({ count: z.number() })]).parse(underWay.rows)[0].count,
  };
}
