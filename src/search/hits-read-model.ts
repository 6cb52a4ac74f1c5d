import { z } from 'zod';
import { type Category, categories } from '../articles/article.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { matchEnd, matchStart } from './snippet.ts';

export interface HitArticle {
  readonly id: string;
  readonly title: string;
  readonly category: Category;
  readonly tags: readonly string[];
}

/** Those of these articles that are still published, by id. */
export async function listHitArticles(
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
 * Passages around the words of `marks` (the text of a tsquery), by article id; matches are between the sentinels of
 * snippet.ts. Only the first 16,000 characters of a body are searched, because Postgres parses the text again for each
 * headline; where the words come later, the passage is the beginning of the text.
 */
export async function listHeadlines(
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
export async function listPassages(
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
