import pgvector from 'pgvector/knex';
import { z } from 'zod';
import { type Category, categories } from '../articles/article.ts';
import { type FailureCode, failureCodes } from '../domain/failures.ts';
import type { Transaction } from '../platform/postgres.ts';
import { matchEnd, matchStart } from './snippet.ts';

export interface SearchFilter {
  readonly category?: Category | undefined;
  /** An article must have all of them. */
  readonly tags?: readonly string[] | undefined;
}

/** One article in a ranking; `chunkHash` is its best chunk where vectors were compared. */
export interface Ranked {
  readonly id: string;
  readonly score: number;
}
export interface RankedByVector extends Ranked {
  readonly chunkHash: string;
}

export interface HitArticle {
  readonly id: string;
  readonly title: string;
  readonly category: Category;
  readonly tags: readonly string[];
}

export interface Coverage {
  readonly published: number;
  readonly embedded: number;
}

/** The filter on `a`, an article, as SQL and its bindings. */
function filterSql({ category, tags }: SearchFilter) {
  const conditions = ["a.tenant_id = :tenantId and a.status = 'published'"];
  if (category !== undefined) conditions.push('a.category = :category');
  if (tags !== undefined && tags.length > 0) conditions.push('a.tags @> cast(:tags as text[])');
  return {
    sql: conditions.join(' and '),
    bindings: { ...(category === undefined ? {} : { category }), ...(tags ? { tags: [...tags] } : {}) },
  };
}

/**
 * The tenant's published articles that hold the words, best first; web-search syntax. A word in the title weighs 2.5 words
 * in the body; the rank is divided by the logarithm of the length (1) and brought between 0 and 1 (32).
 */
export async function rankByKeyword(
  tx: Transaction,
  tenantId: string,
  query: SearchFilter & { readonly q: string; readonly limit: number },
): Promise<Ranked[]> {
  const filter = filterSql(query);
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select a.id, ts_rank_cd(a.search, words, 1 | 32) as score
       from articles a, websearch_to_tsquery('pg_catalog.english', :q) as words
      where ${filter.sql} and a.search @@ words
      order by score desc, a.id
      limit :limit`,
    { tenantId, q: query.q, limit: query.limit, ...filter.bindings },
  );
  return z.array(z.object({ id: z.string(), score: z.number() })).parse(rows);
}

/**
 * The tenant's published articles by the exact cosine of their best chunk to the query, best first. Only chunks of the
 * article's current text count: the manifest's hash must be the article's, and the chunk must be in the manifest.
 *
 * What lost: `min(distance) group by article` cannot say which chunk it was; a lateral `order by distance limit 1` per article
 * sorts once an article instead of once; an HNSW index, while exact is fast enough, loses rows behind the filter.
 * Never a named prepared statement: after five runs Postgres may settle on a plan that fits no tenant.
 */
export async function rankByVector(
  tx: Transaction,
  tenantId: string,
  query: SearchFilter & {
    readonly spaceId: string;
    readonly vector: readonly number[];
    readonly limit: number;
  },
): Promise<RankedByVector[]> {
  const filter = filterSql(query);
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select id, chunk_hash, 1 - distance as score
       from (
         select distinct on (a.id) a.id, v.chunk_hash, v.embedding <=> cast(:vector as vector) as distance
           from articles a
           join article_manifests m
             on m.tenant_id = a.tenant_id and m.space_id = :spaceId and m.article_id = a.id
            and m.content_hash = a.content_hash
           join chunk_vectors v
             on v.tenant_id = m.tenant_id and v.space_id = m.space_id and v.article_id = m.article_id
            and v.chunk_hash = any(m.chunk_hashes)
          where ${filter.sql}
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
        .object({ id: z.string(), chunk_hash: z.string(), score: z.number() })
        .transform(({ id, chunk_hash: chunkHash, score }) => ({ id, chunkHash, score })),
    )
    .parse(rows);
}

/** The articles of a page of hits, by id. */
export async function readHits(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
): Promise<Map<string, HitArticle>> {
  const rows: unknown = await tx('articles')
    .where({ tenant_id: tenantId })
    .whereIn('id', [...ids])
    .select('id', 'title', 'category', 'tags');
  const hit = z.object({
    id: z.string(),
    title: z.string(),
    category: z.enum(categories),
    tags: z.array(z.string()),
  });
  return new Map(
    z
      .array(hit)
      .parse(rows)
      .map((row) => [row.id, row]),
  );
}

const headlineOptions = `StartSel="${matchStart}", StopSel="${matchEnd}", MaxFragments=2, MinWords=12, MaxWords=30, FragmentDelimiter=" … "`;

/**
 * Passages around the words, by article id, with the matches between the sentinels of snippet.ts. The parser reads the text
 * anew for each, so only the head of a long body is looked at; where the words come later, its beginning is shown.
 */
export async function readHeadlines(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
  q: string,
): Promise<Map<string, string>> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select a.id, ts_headline('pg_catalog.english', translate(left(a.body, 16000), :sentinels, ''),
              websearch_to_tsquery('pg_catalog.english', :q), :options) as passage
       from articles a
      where a.tenant_id = :tenantId and a.id = any(cast(:ids as uuid[]))`,
    { tenantId, ids: [...ids], q, sentinels: matchStart + matchEnd, options: headlineOptions },
  );
  return passagesById(rows);
}

/** The texts of the given chunks, by article id. */
export async function readPassages(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  chunks: readonly { readonly id: string; readonly chunkHash: string }[],
): Promise<Map<string, string>> {
  const rows: unknown = await tx('chunk_vectors')
    .where({ tenant_id: tenantId, space_id: spaceId })
    .whereIn(
      ['article_id', 'chunk_hash'],
      chunks.map(({ id, chunkHash }) => [id, chunkHash]),
    )
    .select('article_id as id', 'text as passage');
  return passagesById(rows);
}

function passagesById(rows: unknown): Map<string, string> {
  const passages = z.array(z.object({ id: z.string(), passage: z.string() })).parse(rows);
  return new Map(passages.map(({ id, passage }) => [id, passage]));
}

/** How many articles the tenant has published, and how many of them the space that serves its searches can find. */
export async function readCoverage(tx: Transaction, tenantId: string): Promise<Coverage> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    // A probe of the primary key an article. A join lost: with statistics that are minutes old, as after a great import,
    // the planner takes few rows for granted and compares every article with every manifest.
    `select count(*)::int as published,
            count(*) filter (where exists (
              select 1 from article_manifests m
               where m.tenant_id = a.tenant_id and m.article_id = a.id and m.content_hash = a.content_hash
                 and m.space_id = (select id from embedding_spaces where tenant_id = :tenantId and serving)
            ))::int as embedded
       from articles a
      where a.tenant_id = :tenantId and a.status = 'published'`,
    { tenantId },
  );
  const [coverage] = z.tuple([z.object({ published: z.number(), embedded: z.number() })]).parse(rows);
  return coverage;
}

/** Why most of the tenant's published articles that have no vectors have none; undefined when they only wait. */
export async function readCommonestReason(
  tx: Transaction,
  tenantId: string,
): Promise<FailureCode | undefined> {
  const row: unknown = await tx('article_embeddings')
    .where({ tenant_id: tenantId })
    .whereIn('status', ['pending', 'blocked', 'failed'])
    .whereNotNull('reason')
    .groupBy('reason')
    .orderByRaw('count(*) desc, reason')
    .first('reason');
  return row === undefined ? undefined : z.object({ reason: z.enum(failureCodes) }).parse(row).reason;
}
