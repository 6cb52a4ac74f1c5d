import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/** What the workflow of a request is about. */
const requestKinds = ['article', 'backlog', 'classification', 'ingestion', 'review'] as const;

/** A request for the workflow that a change needs. */
export interface WorkflowRequest {
  readonly tenantId: string;
  readonly kind: (typeof requestKinds)[number];
  /** The id of the article, the job or the review, or the tenant's for its backlog. */
  readonly subjectId: string;
}

/** A row of the outbox, with the version that its last write gave it. */
export interface OutboxRow extends WorkflowRequest {
  readonly version: string;
}

const rowSchema = z
  .object({
    tenant_id: z.string(),
    kind: z.enum(requestKinds),
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
 * Inserts a row, or gives the waiting row of this subject a new version. The version is the transaction's id, which is never
 * used again. Alternative that lost: a counter, since it starts anew with each row, so that the late end of an old send could
 * delete the row of a change that it did not include.
 */
export async function insertRow(
  tx: Transaction,
  tenantId: string,
  request: WorkflowRequest,
): Promise<OutboxRow> {
  const rows = await tx.prepared(
    `insert into outbox (tenant_id, kind, subject_id, version)
     values ($1, $2, $3, pg_current_xact_id()::text::bigint)
     on conflict (tenant_id, kind, subject_id) do update set version = excluded.version
     returning version::text`,
    [tenantId, request.kind, request.subjectId],
  );
  const [{ version }] = z.tuple([z.object({ version: z.string() })]).parse(rows);
  return { ...request, version };
}

/** Deletes the row if it still has this version. A change after the signal gives the row a new version, so it is sent as well. */
export async function deleteSent(
  tx: Transaction,
  tenantId: string,
  { kind, subjectId, version }: OutboxRow,
): Promise<void> {
  await tx.prepared(
    'delete from outbox where tenant_id = $1 and kind = $2 and subject_id = $3 and version = $4',
    [tenantId, kind, subjectId, version],
  );
}

const freeSql = `(o.leased_until is null or o.leased_until < clock_timestamp())
        and o.created_at < clock_timestamp() - :settleMs * interval '1 millisecond'`;

/**
 * Claims waiting rows by a lease, the oldest of each tenant first, then the second of each, so that a tenant with a hundred
 * thousand rows delays another by one batch at most. Concurrent relays skip each other's rows (SKIP LOCKED) and do not wait for
 * them. The rows of a relay that died are free again when its lease ends. Rows younger than `settleMs` are left to the process
 * that wrote them. The free rows are chosen once (materialized): a nested loop would run a subquery anew for each row, and claim
 * more than `limit`. Alternative that lost: the oldest rows of all tenants, because they are all of one tenant after its import.
 */
export async function claimRows(
  tx: Transaction,
  claim: { readonly limit: number; readonly leaseMs: number; readonly settleMs: number },
): Promise<OutboxRow[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with numbered as (
       select o.tenant_id, o.kind, o.subject_id, o.created_at,
              row_number() over (partition by o.tenant_id order by o.created_at) as number
         from outbox o where ${freeSql}
     ),
     free as materialized (
       select o.tenant_id, o.kind, o.subject_id
         from outbox o join numbered n using (tenant_id, kind, subject_id)
        -- Once more: another relay may have claimed the row since it was numbered.
        where ${freeSql}
        order by n.number, n.created_at
        limit :limit
        for update of o skip locked
     )
     update outbox o set leased_until = clock_timestamp() + :leaseMs * interval '1 millisecond'
       from free
      where o.tenant_id = free.tenant_id and o.kind = free.kind and o.subject_id = free.subject_id
      returning o.tenant_id, o.kind, o.subject_id, o.version::text`,
    claim,
  );
  return z.array(rowSchema).parse(rows);
}

const waitingSchema = z.object({ signals: z.number(), oldest_seconds: z.number() });

/** The unsent signals of all tenants: their number, and the age of the oldest (0 without any). */
export interface WaitingSignals {
  readonly signals: number;
  readonly oldestSeconds: number;
}

/** Counts the unsent signals of all tenants. Needs the metrics scope. */
export async function countWaiting(tx: Transaction): Promise<WaitingSignals> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select count(*)::int as signals,
            coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_seconds
       from outbox`,
  );
  const [{ signals, oldest_seconds: oldestSeconds }] = z.tuple([waitingSchema]).parse(rows);
  return { signals, oldestSeconds };
}
