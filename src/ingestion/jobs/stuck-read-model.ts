import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

/** Jobs under way for which nothing was done for so long, and which wait for no attempt that is announced. */
const stuckSql = `j.status in ('queued', 'running') and j.updated_at < now() - :idleMs * interval '1 millisecond'
  and (j.next_attempt_at is null or j.next_attempt_at < clock_timestamp())`;

/**
 * Lists some tenants with a job under way that was not touched for so long, at random, so that none is always behind the others. It
 * costs one probe of an index for each tenant with jobs under way. For the scope of reconciliation.
 */
export async function listIdleTenants(tx: Transaction, idleMs: number, limit: number): Promise<string[]> {
  const oldestOf = (tenants: string) =>
    `select j.tenant_id, j.updated_at from ingestion_jobs j
      where j.status in ('queued', 'running') and ${tenants} order by j.tenant_id, j.updated_at limit 1`;
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with recursive oldest as (
       (${oldestOf('true')})
       union all
       select next.* from oldest, lateral (${oldestOf('j.tenant_id > oldest.tenant_id')}) next
     )
     select tenant_id from oldest where updated_at < now() - :idleMs * interval '1 millisecond'
      order by random() limit :limit`,
    { idleMs, limit },
  );
  return z
    .array(z.object({ tenant_id: z.string() }))
    .parse(rows)
    .map(({ tenant_id }) => tenant_id);
}

/**
 * Lists the tenant's jobs that nothing seems to work on, the oldest first, as `listUnderWay` does: both are signalled in that order.
 * One with an outbox row is none of them: its signal is on its way.
 */
export async function listStuck(tx: Transaction, tenantId: string, idleMs: number): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select j.id from ingestion_jobs j
      where j.tenant_id = :tenantId and ${stuckSql}
        and not exists (select 1 from outbox o
                         where o.tenant_id = j.tenant_id and o.kind = 'ingestion' and o.subject_id = j.id)
      order by j.created_at`,
    { tenantId, idleMs },
  );
  return z
    .array(z.object({ id: z.string() }))
    .parse(rows)
    .map(({ id }) => id);
}
