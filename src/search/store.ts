import { z } from 'zod';
import { type Category, categories } from '../articles/article.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { filterSql, type SearchFilter } from './keyword/keyword-store.ts';
import { matchEnd, matchStart } from './snippet.ts';

export interface HitArticle {
  readonly id: string;
  readonly title: string;
  readonly category: Category;
  readonly tags: readonly string[];
}

/** The articles of a page of hits, by id: those that are still published. */
export async function readHits(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
): Promise<Map<string, HitArticle>> {
  const rows: unknown = await tx('articles')
    .where({ tenant_id: tenantId, status: 'published' })
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
 * Passages around the words of `marks` (the text of a tsquery), by article id, with the matches between the sentinels of
 * snippet.ts. The parser reads the text anew for each, so only the head of a long body is looked at; where the words come
 * later, its beginning is shown.
 */
export async function readHeadlines(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
  marks: string,
): Promise<Map<string, string>> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select a.id, ts_headline('pg_catalog.english', translate(left(a.body, 16000), :sentinels, ''),
              cast(:marks as tsquery), :options) as passage
       from articles a
      where a.tenant_id = :tenantId and a.id = any(cast(:ids as uuid[]))`,
    { tenantId, ids: [...ids], marks, sentinels: matchStart + matchEnd, options: headlineOptions },
  );
  return passagesById(rows);
}

/** The texts of the given chunks, by article id. */
export async function readPassages(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  chunks: readonly { readonly articleId: string; readonly chunkHash: string }[],
): Promise<Map<string, string>> {
  const rows: unknown = await tx('chunk_vectors')
    .where({ tenant_id: tenantId, space_id: spaceId })
    .whereIn(
      ['article_id', 'chunk_hash'],
      chunks.map(({ articleId, chunkHash }) => [articleId, chunkHash]),
    )
    .select('article_id as id', 'text as passage');
  return passagesById(rows);
}

function passagesById(rows: unknown): Map<string, string> {
  const passages = z.array(z.object({ id: z.string(), passage: z.string() })).parse(rows);
  return new Map(passages.map(({ id, passage }) => [id, passage]));
}

/** Which of these tags no published article of the tenant has. */
export async function listUnknownTags(
  tx: Transaction,
  tenantId: string,
  tags: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select wanted.tag
       from unnest(cast(:tags as text[])) with ordinality as wanted (tag, place)
      where not exists (select 1 from articles a
                         where a.tenant_id = :tenantId and a.status = 'published' and wanted.tag = any(a.tags))
      order by wanted.place`,
    { tenantId, tags: [...tags] },
  );
  return z
    .array(z.object({ tag: z.string() }))
    .parse(rows)
    .map(({ tag }) => tag);
}

/** The unknown ones of a filter's tags, where no published article passes the filter: whatever is looked for is not found. */
export async function listHopelessTags(
  tx: Transaction,
  tenantId: string,
  search: SearchFilter,
): Promise<string[]> {
  const unknown = await listUnknownTags(tx, tenantId, search.tags ?? []);
  if (unknown.length === 0) return [];
  const filter = filterSql(search);
  const { rows } = await tx.raw<{ rows: unknown[] }>(`select from articles a where ${filter.sql} limit 1`, {
    tenantId,
    ...filter.bindings,
  });
  return rows.length === 0 ? unknown : [];
}
