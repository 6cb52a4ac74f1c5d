import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import type { OutboxTicket } from './outbox.ts';

const ticketSchema = z
  .object({
    tenant_id: z.string(),
    kind: z.enum(['article', 'backlog']),
    subject_id: z.string(),
    version: z.string(),
  })
  .transform(
    (row): OutboxTicket => ({
      tenantId: row.tenant_id,
      kind: row.kind,
      subjectId: row.subject_id,
      version: row.version,
    }),
  );

/**
 * Writes the row, or gives the one that is waiting another version; answers the ticket that this write made. The version
 * is the transaction's id, which never comes again. A count lost: it begins anew with a new row, so that the late end of a
 * send for the row before would delete a change that it knew nothing of.
 */
export async function enqueue(
  tx: Transaction,
  row: { readonly tenantId: string; readonly kind: OutboxTicket['kind']; readonly subjectId: string },
): Promise<OutboxTicket> {
  const { rows } = await tx.raw<{ rows: { version: string }[] }>(
    `insert into outbox (tenant_id, kind, subject_id, version)
     values (:tenantId, :kind, :subjectId, pg_current_xact_id()::text::bigint)
     on conflict (tenant_id, kind, subject_id) do update set version = excluded.version
     returning version::text`,
    row,
  );
  const [{ version }] = z.tuple([z.object({ version: z.string() })]).parse(rows);
  return { ...row, version };
}

/** Deletes the row if it still has this version: a change that came after the signal is sent again. */
export async function deleteSent(tx: Transaction, ticket: OutboxTicket): Promise<void> {
  await tx('outbox')
    .where({
      tenant_id: ticket.tenantId,
      kind: ticket.kind,
      subject_id: ticket.subjectId,
      version: ticket.version,
    })
    .delete();
}

/**
 * Claims waiting rows, oldest first, by a lease: relays do not see each other's (SKIP LOCKED lets them pass by without
 * queueing), and what a dead relay held is free again when its lease ends. Rows younger than `settleMs` are the writer's
 * own to send.
 */
export async function claim(
  tx: Transaction,
  claim: { readonly limit: number; readonly leaseMs: number; readonly settleMs: number },
): Promise<OutboxTicket[]> {
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
  return z.array(ticketSchema).parse(rows);
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
