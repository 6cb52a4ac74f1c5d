import pgvector from 'pgvector/knex';
import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import type { PublishedFilter } from './published-filter.ts';
import { vectorIndexOf } from './vector-index.ts';
import { visibleArticlesSql } from './visible-articles-read-model.ts';

export interface NearArticle {
  readonly articleId: string;
  /** Its best chunk. */
  readonly chunkHash: string;
  /** The cosine of that chunk to the query. */
  readonly similarity: number;
}

export interface NearestQuery {
  readonly spaceId: string;
  /** Of the space's dimension. */
  readonly vector: readonly number[];
  readonly limit: number;
  readonly filter?: PublishedFilter;
}

/**
 * Whether the tenant's chunks in the space, stale ones included, are no more than `smallUpTo`; or so many that `poolSize` of
 * them are found faster by the index than by comparing all; or in between, which is also said where there is no index.
 *
 * To compare one chunk takes 1.5 µs of 384 dimensions; to find one in the graph 12 µs, or 30 where nobody has been lately, and
 * of those found only the tenant's share counts. So n of N chunks are slower to compare than to look for where n² > 20 · poolSize · N: with 100 wanted of 100,000
 * that is a tenant of 14,000. It is counted that far and no further, in the primary key, at a tenth of the price of comparing.
 *
 * The planner would have to say, and cannot: it takes tenant, space and dimension for independent, and so a tenant of 30 %
 * for one of 3 %; and it takes a step in the graph for as cheap as a row. Told by statistics that they depend on each other it
 * chose the index for a tenant of 5 %, at ten times the price.
 */
export async function measureTenant(
  tx: Transaction,
  tenantId: string,
  query: NearestQuery,
  poolSize: number,
  smallUpTo: number,
): Promise<'small' | 'medium' | 'large'> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with index as materialized (
       select sqrt(20.0 * :poolSize * greatest(c.reltuples, 0)) as pays_from
         from pg_class c join pg_index i on i.indexrelid = c.oid
        where c.oid = to_regclass(:index) and i.indisvalid
     ), counted as materialized (
       select count(*) as chunks
         from (select from chunk_vectors
                where tenant_id = :tenantId and space_id = :spaceId
                limit greatest(:smallUpTo, coalesce((select ceil(pays_from) from index), 0)) + 1) found
     )
     select case when chunks <= :smallUpTo then 'small'
                 when chunks > (select pays_from from index) then 'large'
                 else 'medium' end as size
       from counted`,
    {
      tenantId,
      spaceId: query.spaceId,
      poolSize,
      smallUpTo,
      index: vectorIndexOf(query.vector.length)?.name ?? '',
    },
  );
  const [row] = z.tuple([z.object({ size: z.enum(['small', 'medium', 'large']) })]).parse(rows);
  return row.size;
}

/**
 * The articles of the `poolSize` chunks nearest to the query, as far as they are visible and pass the filter, by the HNSW
 * index or by a sort of all of the tenant's chunks. It may leave some out, so fewer than `query.limit` say nothing.
 *
 * The innermost query is the order by distance and the tenant's chunks, nothing else: whatever more it asked for, a scan of
 * the index would have to go on looking for. Not to join all, as rankAll does, is what makes the sort cheap.
 *
 * What lost: one index a tenant (thousands on one table); joining inside; leaving the choice to the planner (see measureTenant).
 */
export async function rankPool(
  tx: Transaction,
  tenantId: string,
  query: NearestQuery,
  poolSize: number,
  by: 'index' | 'sort',
): Promise<NearArticle[]> {
  const visible = visibleArticlesSql(query.filter ?? {}, 'near.article_id');
  const index = by === 'index' ? vectorIndexOf(query.vector.length) : undefined;
  // Only an order by the index's own expression can use the index.
  const order = index
    ? `${index.expression} <=> ${index.expressionOf('cast(:vector as vector)')}`
    : 'embedding <=> cast(:vector as vector)';
  const ranking = () =>
    rank(
      tx,
      `select a.id, near.chunk_hash, near.distance
         from (select article_id, chunk_hash, embedding <=> cast(:vector as vector) as distance
                 from (select article_id, chunk_hash, embedding
                         from chunk_vectors
                        where tenant_id = :tenantId and space_id = :spaceId and dimensions = ${query.vector.length}
                        order by ${order}
                        limit :poolSize) pool) near,
              ${visible.sql}
        where near.chunk_hash = any(m.chunk_hashes)`,
      tenantId,
      query,
      { ...visible.bindings, poolSize },
    );
  if (!index) return ranking();
  // One round trip.
  const [, ranked] = await Promise.all([preferIndex(tx), ranking(), preferNothing(tx)]);
  return ranked;
}

/**
 * From here on a scan of an HNSW index goes on until it has as many rows as it was asked for. Without that it ends after its
 * first candidates, of which the tenant's share is left: 29 rows of 100 for a tenant of 30 %. Relaxed order, because the rows are
 * sorted anyway, and strict order drops those that come too late. 100 candidates at first, the least pool: 40, the default, found the
 * same no faster, and 200 or 400 found no more. And no sort where an index gives the order: statistics that are older than
 * the tenant's growth cannot talk the planner out of what measureTenant has decided.
 */
async function preferIndex(tx: Transaction): Promise<void> {
  await tx.raw(
    `select set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '100', true),
            set_config('enable_sort', 'off', true)`,
  );
}

/** The rest of the transaction sorts again. */
async function preferNothing(tx: Transaction): Promise<void> {
  await tx.raw(`select set_config('enable_sort', 'on', true)`);
}

/**
 * The articles that pass the filter by the exact distance of all of their visible chunks. The less the filter passes,
 * the less there is to compare. It has no order that an HNSW index knows, so it cannot be answered by one.
 *
 * What lost: `min(distance) group by article` cannot say which chunk it was; a lateral `order by distance limit 1` per
 * article sorts once an article instead of once; the chunks' hashes outside of their lateral, with which statistics that are
 * older than the tenant let the planner take the index by hash without a hash, and read all chunks once an article.
 */
export async function rankAll(
  tx: Transaction,
  tenantId: string,
  query: NearestQuery,
): Promise<NearArticle[]> {
  const visible = visibleArticlesSql(query.filter ?? {});
  return rank(
    tx,
    `select a.id, v.chunk_hash, v.embedding <=> cast(:vector as vector) as distance
       from ${visible.sql},
            lateral (select chunk_hash, embedding
                       from chunk_vectors
                      where tenant_id = :tenantId and space_id = :spaceId and article_id = a.id
                        and chunk_hash = any(m.chunk_hashes)
                     offset 0) v`,
    tenantId,
    query,
    visible.bindings,
  );
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
