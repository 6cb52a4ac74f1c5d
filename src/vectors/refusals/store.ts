import { z } from 'zod';
import { targetIdOf } from '../../domain/provider-target.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { KindOfChunks } from '../chunk-purchase-store.ts';
import { type Refusal, type Refusals, refusalCauses } from './refusal.ts';

const rowSchema = z
  .object({
    chunk_hash: z.string(),
    largest_batch: z.number(),
    cause: z.enum(refusalCauses),
    group_id: z.string(),
    whole: z.boolean(),
    passed_batch: z.number(),
    failures: z.number(),
    failing_since: z.date().nullable(),
  })
  .transform((row): readonly [string, StoredRefusal] => [
    row.chunk_hash,
    {
      ...{ largestBatch: row.largest_batch, cause: row.cause, groupId: row.group_id, whole: row.whole },
      ...{ passedBatch: row.passed_batch, failures: row.failures, failingSince: row.failing_since },
    },
  ]);

/**
 * A refusal with the time of the server's first failure; null where it has not failed. For a chunk that is sent alone it is that of
 * the last: it is rejected only if others have passed since, or an outage would reject what has failed once before.
 */
export interface StoredRefusal extends Refusal {
  readonly failingSince: Date | null;
}

const columns = `chunk_hash, largest_batch, cause, group_id, whole, passed_batch, failures, failing_since`;
const ofKind = 'tenant_id = :tenantId and target_id = :targetId and chunker_version = :chunkerVersion';

const bindings = (tenantId: string, { kind, hashes }: KindOfChunks) => ({
  tenantId,
  targetId: targetIdOf(kind.target),
  chunkerVersion: kind.chunkerVersion,
  hashes: [...hashes],
});

/** Lists what is known of these chunks, as long as it holds. */
export async function listRefusals(
  tx: Transaction,
  tenantId: string,
  chunks: KindOfChunks,
): Promise<ReadonlyMap<string, StoredRefusal>> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select ${columns} from chunk_refusals
      where ${ofKind} and chunk_hash = any(:hashes::text[]) and expires_at > clock_timestamp()`,
    bindings(tenantId, chunks),
  );
  return new Map(z.array(rowSchema).parse(rows));
}

/** Lists and locks these chunks and those of the batches that they were in. In one order, so that two calls never wait for each other. */
export async function lockGroups(tx: Transaction, tenantId: string, chunks: KindOfChunks): Promise<Refusals> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select ${columns} from chunk_refusals
      where ${ofKind} and (chunk_hash = any(:hashes::text[]) or group_id in (
              select group_id from chunk_refusals where ${ofKind} and chunk_hash = any(:hashes::text[])))
      order by chunk_hash for update`,
    bindings(tenantId, chunks),
  );
  return new Map(z.array(rowSchema).parse(rows));
}

/** Stores what has become of refusals, for as long as one is kept. */
export async function upsertRefusals(
  tx: Transaction,
  tenantId: string,
  kind: KindOfChunks['kind'],
  refusals: Refusals,
  keepMs: number,
): Promise<void> {
  if (refusals.size === 0) return;
  const rows = [...refusals].map(([chunk_hash, refusal]) => ({
    chunk_hash,
    largest_batch: refusal.largestBatch,
    cause: refusal.cause,
    group_id: refusal.groupId,
    whole: refusal.whole,
    passed_batch: refusal.passedBatch,
    failures: refusal.failures,
  }));
  await tx.raw(
    `insert into chunk_refusals as r (tenant_id, target_id, chunker_version, chunk_hash, largest_batch, cause, group_id, whole,
                                      passed_batch, failures, failing_since, expires_at)
     select :tenantId::uuid, :targetId::text, :chunkerVersion::int, chunk_hash, largest_batch, cause, group_id, whole,
            passed_batch, failures, case when failures > 0 then clock_timestamp() end,
            clock_timestamp() + :keepMs * interval '1 millisecond'
       from jsonb_to_recordset(:rows::jsonb) as n(chunk_hash text, largest_batch int, cause text, group_id uuid,
                                                  whole boolean, passed_batch int, failures int)
      order by chunk_hash
     on conflict (tenant_id, target_id, chunker_version, chunk_hash) do update
       set largest_batch = excluded.largest_batch, cause = excluded.cause, group_id = excluded.group_id,
           whole = excluded.whole, passed_batch = excluded.passed_batch, failures = excluded.failures,
           failing_since = case when excluded.failures > r.failures and excluded.largest_batch = 1 then excluded.failing_since
                                else coalesce(r.failing_since, excluded.failing_since) end,
           expires_at = excluded.expires_at`,
    { ...bindings(tenantId, { kind, hashes: [] }), rows: JSON.stringify(rows), keepMs },
  );
}

/** Deletes what is known of these chunks. */
export async function deleteRefusals(tx: Transaction, tenantId: string, chunks: KindOfChunks): Promise<void> {
  await tx.raw(
    `delete from chunk_refusals where ${ofKind} and chunk_hash = any(:hashes::text[])`,
    bindings(tenantId, chunks),
  );
}

/** Deletes what is known of these chunks, whatever the target. */
export async function deleteRefusalsOfChunks(
  tx: Transaction,
  tenantId: string,
  hashes: readonly string[],
): Promise<void> {
  await tx.raw(
    'delete from chunk_refusals where tenant_id = :tenantId and chunk_hash = any(:hashes::text[])',
    { tenantId, hashes: [...hashes] },
  );
}
