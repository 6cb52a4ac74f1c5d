import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import { type SealedCursor, sealedCursor } from './cursor.ts';

/**
 * How long a stored cursor can be used. A client asks for the next page within seconds or, after work on the hits of this
 * one, within minutes; an hour covers a longer break, and bounds the rows that a tenant can collect.
 */
export const cursorsKeptMs = 3_600_000;
const keptFor = `interval '${cursorsKeptMs} milliseconds'`;

/** The stored cursor. Undefined when it has expired, or an older version of the service wrote it in another form. */
export async function findCursor(
  tx: Transaction,
  tenantId: string,
  id: string,
): Promise<SealedCursor | undefined> {
  const row: unknown = await tx('search_cursors')
    .where({ tenant_id: tenantId, id })
    .whereRaw(`created_at > now() - ${keptFor}`)
    .first('cursor');
  const parsed = z.object({ cursor: sealedCursor }).safeParse(row);
  return parsed.data?.cursor;
}

/** Stores the cursor, or lets the same one live for another hour. */
export async function storeCursor(
  tx: Transaction,
  tenantId: string,
  id: string,
  cursor: SealedCursor,
): Promise<void> {
  await tx.raw(
    `insert into search_cursors (tenant_id, id, cursor) values (:tenantId, :id, cast(:cursor as jsonb))
     on conflict (tenant_id, id) do update set created_at = now()`,
    { tenantId, id, cursor: JSON.stringify(cursor) },
  );
  await deleteExpired(tx, tenantId);
}

/**
 * Deletes up to 20 of the tenant's expired cursors. Each write deletes more rows than it adds, so the table stays small.
 * Rows that another transaction has locked are skipped: a search waits for no lock after its own write, so none deadlock.
 */
async function deleteExpired(tx: Transaction, tenantId: string): Promise<void> {
  const expired = tx('search_cursors')
    .where({ tenant_id: tenantId })
    .whereRaw(`created_at <= now() - ${keptFor}`)
    .orderBy('created_at')
    .limit(20)
    .forUpdate()
    .skipLocked()
    .select('id');
  await tx('search_cursors').where({ tenant_id: tenantId }).whereIn('id', expired).delete();
}
