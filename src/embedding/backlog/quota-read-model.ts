import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

/** The condition on an article `e`: the key's quota at its provider has blocked it. */
const parkedSql = `e.status = 'blocked' and e.reason = 'quota_exhausted'`;

/** The pause of the key of a tenant `t`. An older key's is over: another key has made every article pending. */
const pauseSql = `select 1 from provider_limits l
  where l.tenant_id = t.tenant_id and l.provider = 'embedding' and l.paused_until is not null`;

const underWaySql = `${pauseSql} and (l.paused_until > clock_timestamp() or l.probe_until > clock_timestamp())`;

const tenantIds = z
  .array(z.object({ tenant_id: z.string() }))
  .transform((rows) => rows.map((row) => row.tenant_id));
const articleIds = z
  .array(z.object({ article_id: z.string() }))
  .transform((rows) => rows.map((row) => row.article_id));

/**
 * Lists some tenants with articles that a quota has blocked and whose key is not paused any more, at random, so that none is always
 * behind the others. It costs two probes of an index for each tenant with such articles. For the scope of reconciliation.
 */
export async function listTenantsAfterPause(tx: Transaction, limit: number): Promise<string[]> {
  const nextOf = (tenants: string) =>
    `select e.tenant_id from article_embeddings e
      where ${parkedSql} and ${tenants} order by e.tenant_id limit 1`;
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with recursive t as (
       (${nextOf('true')})
       union all
       select next.* from t, lateral (${nextOf('e.tenant_id > t.tenant_id')}) next
     )
     select t.tenant_id from t where not exists (${underWaySql}) order by random() limit :limit`,
    { limit },
  );
  return tenantIds.parse(rows);
}

/** Whether the pause of the tenant's key refuses calls, waits for one call that passes, or is over. */
export async function readPause(tx: Transaction, tenantId: string): Promise<'paused' | 'half_open' | 'over'> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select exists (${underWaySql}) as paused, exists (${pauseSql}) as half_open
       from (values (:tenantId::uuid)) t(tenant_id)`,
    { tenantId },
  );
  const [row] = z.tuple([z.object({ paused: z.boolean(), half_open: z.boolean() })]).parse(rows);
  if (row.paused) return 'paused';
  return row.half_open ? 'half_open' : 'over';
}

/** Lists articles of one tenant that a quota has blocked, in the order of their ids, as a backlog starts them. */
export async function listBlockedByQuota(
  tx: Transaction,
  tenantId: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select e.article_id from article_embeddings e
      where e.tenant_id = :tenantId and ${parkedSql} order by e.article_id limit :limit`,
    { tenantId, limit },
  );
  return articleIds.parse(rows);
}

/** When the pause of the tenant's key is over; undefined where there is none. */
export async function findPauseEnd(tx: Transaction, tenantId: string): Promise<Date | undefined> {
  const row: unknown = await tx('provider_limits')
    .where({ tenant_id: tenantId, provider: 'embedding' })
    .whereRaw('paused_until > clock_timestamp()')
    .first('paused_until');
  return z.object({ paused_until: z.date() }).optional().parse(row)?.paused_until;
}
