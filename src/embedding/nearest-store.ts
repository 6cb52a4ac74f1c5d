import pgvector from 'pgvector/knex';
import { z } from 'zod';
import type { Transaction } from '../platform/postgres.ts';
import type { NearArticle, NearestFilter, NearestQuery } from './nearest.ts';

/** The filter on `a`, an article, as SQL and its bindings. */
function filterSql({ category, tags, tagsMatch }: NearestFilter = {}) {
  const conditions = ["a.status = 'published'"];
  if (category !== undefined) conditions.push('a.category = :category');
  const hasTags = tags !== undefined && tags.length > 0;
  if (hasTags) conditions.push(`a.tags ${tagsMatch === 'any' ? '&&' : '@>'} cast(:tags as text[])`);
  return {
    sql: conditions.join(' and '),
    bindings: { ...(category === undefined ? {} : { category }), ...(hasTags ? { tags: [...tags] } : {}) },
  };
}

/** Compares the query with every visible chunk of the articles that pass the filter. */
export async function rankExactly(
  tx: Transaction,
  tenantId: string,
  query: NearestQuery,
): Promise<NearArticle[]> {
  const filter = filterSql(query.filter);
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select id, chunk_hash, 1 - distance as similarity
       from (
         select distinct on (a.id) a.id, v.chunk_hash, v.embedding <=> cast(:vector as vector) as distance
           from articles a
           join article_manifests m
             on m.tenant_id = a.tenant_id and m.space_id = :spaceId and m.article_id = a.id
            and m.content_hash = a.content_hash
           join chunk_vectors v
             on v.tenant_id = m.tenant_id and v.space_id = m.space_id and v.article_id = m.article_id
            and v.chunk_hash = any(m.chunk_hashes)
          where a.tenant_id = :tenantId and ${filter.sql}
          order by a.id, distance, v.chunk_hash
       ) best
      -- A vector of zeros has no direction: its distance is not a number.
      where distance <> 'NaN'
      order by distance, id
      limit :limit`,
    {
      tenantId,
      spaceId: query.spaceId,
      vector: pgvector.toSql([...query.vector]),
      limit: query.limit,
      ...filter.bindings,
    },
  );
  return z
    .array(
      z
        .object({ id: z.string(), chunk_hash: z.string(), similarity: z.number() })
        .transform(({ id, chunk_hash, similarity }) => ({
          articleId: id,
          chunkHash: chunk_hash,
          similarity,
        })),
    )
    .parse(rows);
}
