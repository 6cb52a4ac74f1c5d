import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/** A workflow that a change needs: that of one article, or the tenant's backlog. */
export interface OutboxWish {
  readonly tenantId: string;
  readonly kind: 'article' | 'backlog';
  /** Of the article; of the tenant for its backlog. */
  readonly subjectId: string;
}

/** A row of the outbox, at the version that one write gave it. */
export interface OutboxRow extends OutboxWish {
  readonly version: string;
}

const rowSchema = z
  .object({
    tenant_id: z.string(),
    kind: z.enum(['article', 'backlog']),
    subject_id: z.string(),
    version: z.string(),
  })
  .transform(
    (row): OutboxRow => ({
      tenantId: row.tenant_id,
      kind: row.kind,
      subjectId: row.subject_id,
      version: row.version,
    }),
  );

/**
 * Writes the row, or gives the waiting one another version. The version is the transaction's id, which never comes again. A
 * counter lost: it would start anew with a new row, so that the late end of an old send could delete a change it never saw.
 */
export async function insertRow(tx: Transaction, tenantId: string, wish: OutboxWish): Promise<OutboxRow> {
  const { rows } = await tx.raw<{ rows: { version: string }[] }>(
    `insert into outbox (tenant_id, kind, subject_id, version)
     values (:tenantId, :kind, :subjectId, pg_current_xact_id()::text::bigint)
     on conflict (tenant_id, kind, subject_id) do update set version = excluded.version
     returning version::text`,
    { tenantId, kind: wish.kind, subjectId: wish.subjectId },
  );
  const [{ version }] = z.tuple([z.object({ version: z.string() })]).parse(rows);
  return { ...wish, version };
}

/** Deletes the row if it still has this version: a change that came after the signal is sent again. */
export async function deleteSent(
  tx: Transaction,
  tenantId: string,
  { kind, subjectId, version }: OutboxRow,
): Promise<void> {
  await tx('outbox').where({ tenant_id: tenantId, kind, subject_id: subjectId, version }).delete();
}

/**
 * Claims waiting rows, oldest first, by a lease. Relays do not see each other's rows (SKIP LOCKED passes them by without
 * queueing), and the rows of a relay that died are free again when its lease ends. Rows younger than `settleMs` are left to
 * the process that wrote them.
 */
export async function claim(
  tx: Transaction,
  claim: { readonly limit: number; readonly leaseMs: number; readonly settleMs: number },
): Promise<OutboxRow[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `update outbox o set leased_until = clock_timestamp() + :leaseMs * interval '1 millisecond'
       from (
         select tenant_id, kind, subject_id from outbox
          where (leased_until is null or leased_until < clock_timestamp())
            and created_at < clock_timestamp() - :settleMs * interval '1 millisecond'
          order by created_at
          limit :limit
          for update skip locked
       ) free
      where o.tenant_id = free.tenant_id and o.kind = free.kind and o.subject_id = free.subject_id
      returning o.tenant_id, o.kind, o.subject_id, o.version::text`,
    claim,
  );
  return z.array(rowSchema).parse(rows);
}

const waitingSchema = z.object({ signals: z.number(), oldest_seconds: z.number() });

/** The signals of all tenants that wait to be sent. */
export interface WaitingSignals {
  readonly signals: number;
  readonly oldestSeconds: number;
}

/** How many signals wait, and for how long the oldest has. For the metrics scope. */
export async function countWaiting(tx: Transaction): Promise<WaitingSignals> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select count(*)::int as signals,
            coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_seconds
       from outbox`,
  );
  const [{ signals, oldest_seconds: oldestSeconds }] = z.tuple([waitingSchema]).parse(rows);
  return { signals, oldestSeconds };
}
