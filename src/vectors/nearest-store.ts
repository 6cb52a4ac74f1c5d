import pgvector from 'pgvector';
import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import type { PublishedFilter } from './published-filter.ts';
import { vectorIndexOf } from './vector-index.ts';
import { filterValues, visibleArticlesSql } from './visible-articles-read-model.ts';

/** An article, and its chunk that is nearest to a query. */
export interface NearArticle {
  readonly articleId: string;
  /** Hash of its nearest visible chunk. */
  readonly chunkHash: string;
  /** Cosine of that chunk and the query, from -1 to 1. */
  readonly similarity: number;
  /** That of the article; null where it is not known. */
  readonly language: string | null;
}

/** A query by vector in one space. */
export interface NearestQuery {
  readonly spaceId: string;
  /** Of the space's dimension. */
  readonly vector: readonly number[];
  /** The most articles to return. */
  readonly limit: number;
  readonly filter?: PublishedFilter;
}

/** How many chunks a tenant has in a space, beside what the ways to rank them cost. */
export type TenantSize = 'small' | 'medium' | 'large';

/**
 * Classifies the tenant by its chunks in the space, stale ones included. `small`: at most `smallUpTo`. `large`: so many
 * that the index finds `poolSize` of them faster than a comparison of all. `medium`: in between, or without an index.
 *
 * Comparing one chunk of 384 dimensions takes 1.5 µs. Finding one in the graph takes 12 µs, or 30 µs where the graph is
 * not cached, and only the tenant's share of the chunks found counts. So comparing n of N chunks takes longer than
 * finding when n² > 20 · poolSize · N: for a pool of 100 in 100,000 chunks, that is a tenant of 14,000. The count stops
 * at that number. It reads the primary key, at a tenth of the cost of comparing.
 *
 * The planner cannot make this choice. It takes tenant, space and dimension for independent, and so estimates a tenant
 * of 30 % as one of 3 %; and it costs a step in the graph like a row. With statistics on the dependency it chose the
 * index for a tenant of 5 %, at ten times the cost.
 */
export async function measureTenant(
  tx: Transaction,
  tenantId: string,
  query: NearestQuery,
  poolSize: number,
  smallUpTo: number,
): Promise<TenantSize> {
  const rows = await tx.prepared(
    `with index as materialized (
       select sqrt(20.0 * $3::int * greatest(c.reltuples, 0)) as pays_from
         from pg_class c join pg_index i on i.indexrelid = c.oid
        where c.oid = to_regclass($5::text) and i.indisvalid
     ), counted as materialized (
       select count(*) as chunks
         from (select from chunk_vectors
                where tenant_id = $1 and space_id = $2
                limit greatest($4::int, coalesce((select ceil(pays_from) from index), 0)) + 1) found
     )
     select case when chunks <= $4::int then 'small'
                 when chunks > (select pays_from from index) then 'large'
                 else 'medium' end as size
       from counted`,
    [tenantId, query.spaceId, poolSize, smallUpTo, vectorIndexOf(query.vector.length)?.name ?? ''],
  );
  const [row] = sizeRow.parse(rows);
  return row.size;
}

const sizeRow = z.tuple([z.object({ size: z.enum(['small', 'medium', 'large']) })]);

/**
 * Returns the articles of the `poolSize` chunks nearest to the query, as far as they are visible and pass the filter,
 * by the HNSW index or by a sort of all of the tenant's chunks. It may leave out articles, so fewer than `query.limit`
 * do not mean that there are no more.
 *
 * The innermost query holds only the tenant's chunks and the order by distance, because an index scan goes on until
 * every further condition is met. The sort is cheap because only the pool is joined, unlike in rankAll.
 *
 * Alternatives that lost: one index per tenant (thousands on one table); joining inside; leaving the choice to the
 * planner (see measureTenant).
 */
export async function rankPool(
  tx: Transaction,
  tenantId: string,
  query: NearestQuery,
  poolSize: number,
  by: 'index' | 'sort',
): Promise<NearArticle[]> {
  const index = by === 'index' ? vectorIndexOf(query.vector.length) : undefined;
  // The planner uses the index only for an order by the index's own expression, and only for its dimension.
  const pool = index
    ? `dimensions = ${query.vector.length} order by ${index.expression} <=> ${index.expressionOf('$7::vector')}`
    : 'dimensions = vector_dims($7::vector) order by embedding <=> $7::vector';
  const ranking = () =>
    rank(
      tx,
      `select a.id, a.language, near.chunk_hash, near.distance
         from (select article_id, chunk_hash, embedding <=> $7::vector as distance
                 from (select article_id, chunk_hash, embedding
                         from chunk_vectors
                        where tenant_id = $1 and space_id = $2 and ${pool}
                        limit $9::int) pool) near,
              ${visibleArticlesSql('near.article_id')}
        where near.chunk_hash = any(m.chunk_hashes)`,
      tenantId,
      query,
      [poolSize],
    );
  if (!index) return ranking();
  // Sent together: one round trip.
  const [, ranked] = await Promise.all([preferIndex(tx), ranking(), preferNothing(tx)]);
  return ranked;
}

/**
 * Makes an HNSW scan of this transaction go on until it has the rows asked for. By default it ends after its first
 * candidates, and only the tenant's share of them remains: 29 rows of 100 for a tenant of 30 %. The order is relaxed
 * because the rows are sorted anyway, and strict order drops rows that come late. The scan starts with 100 candidates,
 * the smallest pool: 40, the default, found the same rows no faster, and 200 or 400 found no more. Sorting is off, so
 * that statistics older than the tenant's growth cannot make the planner override the choice of measureTenant. The
 * statement is planned each time, because a kept plan may have been made under other settings.
 */
async function preferIndex(tx: Transaction): Promise<void> {
  await tx.prepared(
    `select set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '100', true),
            set_config('enable_sort', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)`,
    [],
  );
}

/** Lets the rest of the transaction sort again, and leaves the choice of a plan to Postgres. */
async function preferNothing(tx: Transaction): Promise<void> {
  await tx.prepared(
    `select set_config('enable_sort', 'on', true), set_config('plan_cache_mode', 'auto', true)`,
    [],
  );
}

/**
 * Ranks all articles that pass the filter by the exact distance of all of their visible chunks. The fewer articles
 * pass, the less there is to compare. The statement has no order that an HNSW index supports, so the planner cannot use
 * one.
 *
 * Alternatives that lost: `min(distance) group by article`, which does not say which chunk it was; a lateral `order by
 * distance limit 1` per article, which sorts once per article instead of once; the condition on chunk hashes outside of
 * the lateral, because outdated statistics then made the planner use the index by hash without a hash, and read all
 * chunks once per article.
 */
export async function rankAll(
  tx: Transaction,
  tenantId: string,
  query: NearestQuery,
): Promise<NearArticle[]> {
  return rank(
    tx,
    `select a.id, a.language, v.chunk_hash, v.embedding <=> $7::vector as distance
       from ${visibleArticlesSql()},
            lateral (select chunk_hash, embedding
                       from chunk_vectors
                      where tenant_id = $1 and space_id = $2 and article_id = a.id
                        and chunk_hash = any(m.chunk_hashes)
                     offset 0) v`,
    tenantId,
    query,
  );
}

const nearArticles = z.array(
  z
    .object({
      id: z.string(),
      chunk_hash: z.string(),
      similarity: z.number(),
      language: z.string().nullable(),
    })
    .transform(({ id, chunk_hash, ...rest }) => ({ articleId: id, chunkHash: chunk_hash, ...rest })),
);

/**
 * Returns the best chunk of each article, best first. `more` are the values from `$9` on. The look-ups are by primary keys whatever
 * the statistics say, so that one plan fits every tenant and the statement can be prepared.
 */
async function rank(
  tx: Transaction,
  chunks: string,
  tenantId: string,
  query: NearestQuery,
  more: readonly unknown[] = [],
): Promise<NearArticle[]> {
  const rows = await tx.prepared(
    `select id, chunk_hash, 1 - distance as similarity, language
       from (select distinct on (id) id, chunk_hash, distance, language
               from (${chunks}) chunks
              order by id, distance, chunk_hash) best
      -- A vector of zeros has no direction: its distance is not a number, which comes after every number.
      where distance <> 'NaN'
      order by distance, id
      limit $8::int`,
    [
      ...[tenantId, query.spaceId, ...filterValues(query.filter ?? {})],
      ...[pgvector.toSql([...query.vector]), query.limit, ...more],
    ],
  );
  return nearArticles.parse(rows);
}
