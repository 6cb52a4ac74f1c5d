import pgvector from 'pgvector';
import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/** How similar a vector is to any text of a tenant's. */
export interface Background {
  readonly mean: number;
  /** The standard deviation. */
  readonly spread: number;
}

/**
 * So many chunks are compared, chosen by their hashes, which are as good as random and always the same. Twice as many moved no
 * hit of the judged queries; half as many make the spread wrong by a tenth.
 */
const sampleSize = 128;

/** The spread counts as known from so many chunks; the fewer there are, the more of the usual one is mixed in. */
const usualSpreadCounts = 10;
/** The usual spread, as a part of the distance between the mean and 1. */
const usualSpreadPart = 1 / 12;

/** Reads how similar the vector is to the chunks of a space: to a sample of them, by the index on hashes. */
export async function readBackground(
  tx: Transaction,
  tenantId: string,
  { spaceId, vector }: { readonly spaceId: string; readonly vector: Float32Array | readonly number[] },
): Promise<Background> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select count(*)::int as chunks, coalesce(avg(similarity), 0)::float8 as mean,
            coalesce(var_pop(similarity), 0)::float8 as variance
       from (select 1 - (embedding <=> cast(:vector as vector)) as similarity
               from (select embedding
                       from chunk_vectors
                      where tenant_id = :tenantId and space_id = :spaceId
                      order by chunk_hash
                      limit ${sampleSize}) sample) compared
      -- A vector of zeros has no direction.
      where similarity <> 'NaN'`,
    { tenantId, spaceId, vector: pgvector.toSql([...vector]) },
  );
  const row = z.object({ chunks: z.number(), mean: z.number(), variance: z.number() });
  const [{ chunks, mean, variance }] = z.tuple([row]).parse(rows);
  const usual = ((1 - mean) * usualSpreadPart) ** 2;
  return {
    mean,
    spread: Math.sqrt((chunks * variance + usualSpreadCounts * usual) / (chunks + usualSpreadCounts)),
  };
}

/** Finds the median similarity of two chunks of one article, in a sample of the space; none where no article has two. */
export async function findRelatedSimilarity(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
): Promise<number | undefined> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select percentile_cont(0.5) within group (order by similarity) as related
       from (select 1 - (a.embedding <=> b.embedding) as similarity
               from (select article_id, chunk_hash, embedding
                       from chunk_vectors
                      where tenant_id = :tenantId and space_id = :spaceId
                      order by chunk_hash
                      limit ${sampleSize}) a,
                    lateral (select embedding
                               from chunk_vectors
                              where tenant_id = :tenantId and space_id = :spaceId and article_id = a.article_id
                                and chunk_hash > a.chunk_hash
                              order by chunk_hash
                              limit 1) b) pairs
      where similarity <> 'NaN'`,
    { tenantId, spaceId },
  );
  const [{ related }] = z.tuple([z.object({ related: z.number().nullable() })]).parse(rows);
  return related ?? undefined;
}
