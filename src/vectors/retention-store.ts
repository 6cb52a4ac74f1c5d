import type { Transaction } from '../platform/postgres/database.ts';
import { endSql } from '../platform/retention/expired-rows-store.ts';
import type { Batch } from '../platform/retention/retention-rule.ts';

/** The condition on a space `r` that is retired and has vectors. */
export const retiredSql = `r.state = 'retired'
  and exists (select 1 from chunk_vectors v where v.tenant_id = r.tenant_id and v.space_id = r.id)`;

/**
 * Deletes vectors that have been unused for too long; returns how many. Rows of an article that is just given a manifest are
 * locked, and stay.
 */
export async function deleteUnusedVectors(
  tx: Transaction,
  tenantId: string,
  { keptMs, maxRows }: Batch,
): Promise<number> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `with unused as materialized (
       select tenant_id, space_id, article_id, chunk_hash from unused_chunks
        where tenant_id = :tenantId and since < ${endSql}
        order by since limit :maxRows for update skip locked
     )
     delete from chunk_vectors v using unused u
      where v.tenant_id = u.tenant_id and v.space_id = u.space_id and v.article_id = u.article_id
        and v.chunk_hash = u.chunk_hash`,
    { tenantId, keptMs, maxRows },
  );
  return rowCount;
}

/**
 * Deletes vectors of a space that has been retired for too long; returns how many. A manifest goes with the first of its
 * vectors, so that no article counts as complete without all of them.
 */
export async function deleteRetiredVectors(
  tx: Transaction,
  tenantId: string,
  { keptMs, maxRows }: Batch,
): Promise<number> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `with space as materialized (
       select r.tenant_id, r.id from embedding_spaces r
        where r.tenant_id = :tenantId and r.retired_at < ${endSql} and ${retiredSql}
        order by r.retired_at limit 1 for update skip locked
     ),
     old as materialized (
       select v.tenant_id, v.space_id, v.article_id, v.chunk_hash
         from chunk_vectors v join space on v.tenant_id = space.tenant_id and v.space_id = space.id
        order by v.article_id, v.chunk_hash limit :maxRows
     ),
     manifests as (
       delete from article_manifests m using old
        where m.tenant_id = old.tenant_id and m.space_id = old.space_id and m.article_id = old.article_id
     )
     delete from chunk_vectors v using old
      where v.tenant_id = old.tenant_id and v.space_id = old.space_id and v.article_id = old.article_id
        and v.chunk_hash = old.chunk_hash`,
    { tenantId, keptMs, maxRows },
  );
  return rowCount;
}
