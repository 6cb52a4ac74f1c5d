import pgvector from 'pgvector/knex';
import { z } from 'zod';
import type { Transaction } from '../platform/postgres.ts';
import type { NearArticle, NearestFilter, NearestQuery } from './nearest.ts';
import { vectorIndexOf } from './vector-index.ts';

/** Counts the tenant's chunks in the space, stale ones included, but no further than `upTo`. */
export async function countChunks(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  upTo: number,
): Promise<number> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select count(*)::int as chunks
       from (select from chunk_vectors where tenant_id = :tenantId and space_id = :spaceId limit :upTo) found`,
    { tenantId, spaceId, upTo },
  );
  const [row] = z.tuple([z.object({ chunks: z.number() })]).parse(rows);
  return row.chunks;
}

/**
 * For the rest of the transaction, an index scan goes on until it has as many rows as it was asked for. Without that it
 * ends after its first candidates, of which the filter on the tenant leaves a share: a third of 100 for a tenant that
 * owns a third. Relaxed order, because what it finds is sorted anyway and strict order drops rows that come too late.
 *
 * 100 candidates a round, because 40, the default, take more rounds for the same rows, and 200 or 400 found no more.
 */
export async function searchIndexDeeply(tx: Transaction): Promise<void> {
  await tx.raw(
    `select set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '100', true)`,
  );
}

/**
 * The articles of the `poolSize` chunks nearest to the query, as far as they are visible and pass the filter. It may
 * leave some out, so fewer than `query.limit` say nothing.
 *
 * The innermost query is the order by distance and the columns of the indexes, nothing else: whatever more it asked for,
 * a scan of the HNSW index would have to look for. It leaves the planner the choice between that index and the tenant's
 * part of the primary key with a sort, which is exact and wins for a tenant that owns a small share of a large table.
 *
 * What lost: always the HNSW index (a tenant that owns 5 % of 100,000 waited 30 times as long as with the sort); one
 * HNSW index a tenant (thousands of indexes on one table); statistics on how space and tenant depend on each other (the
 * planner then estimates the rows well, and prefers HNSW at a share of 5 %, because it takes one step in the graph for as
 * cheap as one row: without them it takes large tenants for smaller than they are, which makes good for that); joining inside.
 */
export async function rankPool(
  tx: Transaction,
  tenantId: string,
  query: NearestQuery,
  poolSize: number,
): Promise<NearArticle[]> {
  const filter = filterSql(query.filter);
  const dimensions = query.vector.length;
  const index = vectorIndexOf(dimensions);
  const [stored, asked] = index
    ? [index.expression, index.expressionOf('cast(:vector as vector)')]
    : ['embedding', 'cast(:vector as vector)'];
  return rank(
    tx,
    `select a.id, near.chunk_hash, near.distance
       from (select article_id, chunk_hash, embedding <=> cast(:vector as vector) as distance
               from (select article_id, chunk_hash, embedding
                       from chunk_vectors
                      where tenant_id = :tenantId and space_id = :spaceId and dimensions = ${dimensions}
                      order by ${stored} <=> ${asked}
                      limit :poolSize) pool) near,
            ${visibleSql(filter.sql, 'near.article_id')}
      where near.chunk_hash = any(m.chunk_hashes)`,
    tenantId,
    query,
    { ...filter.bindings, poolSize },
  );
}

/**
 * The articles that pass the filter by the exact distance of all of their visible chunks. The less the filter passes,
 * the less there is to compare. It has no order that an HNSW index knows, so it cannot be answered by one.
 *
 * What lost: `min(distance) group by article` cannot say which chunk it was; a lateral `order by distance limit 1` per
 * article sorts once an article instead of once.
 */
export async function rankAll(
  tx: Transaction,
  tenantId: string,
  query: NearestQuery,
): Promise<NearArticle[]> {
  const filter = filterSql(query.filter);
  return rank(
    tx,
    `select a.id, v.chunk_hash, v.embedding <=> cast(:vector as vector) as distance
       from ${visibleSql(filter.sql, undefined)},
            lateral (select chunk_hash, embedding
                       from chunk_vectors
                      where tenant_id = :tenantId and space_id = :spaceId and article_id = a.id
                     offset 0) v
      where v.chunk_hash = any(m.chunk_hashes)`,
    tenantId,
    query,
    filter.bindings,
  );
}

/**
 * `a`, published articles that pass the filter, and `m`, the manifest of their current text; of one article by its id, or
 * of all. `offset 0` has each looked up by its primary key. A plain join lost: just after a great import, with statistics of
 * before it, the planner takes few rows for granted and compares every article with every manifest.
 */
function visibleSql(filter: string, articleId: string | undefined): string {
  const one = articleId === undefined ? '' : `and id = ${articleId} offset 0`;
  return `lateral (select id, content_hash
                     from articles
                    where tenant_id = :tenantId and ${filter} ${one}) a,
          lateral (select chunk_hashes
                     from article_manifests
                    where tenant_id = :tenantId and space_id = :spaceId and article_id = a.id
                      and content_hash = a.content_hash
                   offset 0) m`;
}

/** The filter on articles as SQL and its bindings. */
function filterSql({ category, tags, tagsMatch }: NearestFilter = {}) {
  const conditions = ["status = 'published'"];
  if (category !== undefined) conditions.push('category = :category');
  const hasTags = tags !== undefined && tags.length > 0;
  if (hasTags) conditions.push(`tags ${tagsMatch === 'any' ? '&&' : '@>'} cast(:tags as text[])`);
  return {
    sql: conditions.join(' and '),
    bindings: { ...(category === undefined ? {} : { category }), ...(hasTags ? { tags: [...tags] } : {}) },
  };
}

const nearArticle = z
  .object({ id: z.string(), chunk_hash: z.string(), similarity: z.number() })
  .transform(({ id, chunk_hash, similarity }) => ({ articleId: id, chunkHash: chunk_hash, similarity }));

/**
 * The best chunk of each article, best first. Never a named prepared statement: after five runs Postgres may settle on
 * a plan that fits no tenant.
 */
async function rank(
  tx: Transaction,
  chunks: string,
  tenantId: string,
  query: NearestQuery,
  bindings: Readonly<Record<string, unknown>>,
): Promise<NearArticle[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select id, chunk_hash, 1 - distance as similarity
       from (select distinct on (id) id, chunk_hash, distance
               from (${chunks}) chunks
              order by id, distance, chunk_hash) best
      -- A vector of zeros has no direction: its distance is not a number, which comes after every number.
      where distance <> 'NaN'
      order by distance, id
      limit :limit`,
    {
      tenantId,
      spaceId: query.spaceId,
      vector: pgvector.toSql([...query.vector]),
      limit: query.limit,
      ...bindings,
    },
  );
  return z.array(nearArticle).parse(rows);
}
