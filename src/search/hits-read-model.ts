import { z } from 'zod';
import { type Category, categories } from '../articles/article.ts';
import type { Transaction } from '../platform/postgres/database.ts';

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
  // Each article by its primary key: for a list of ids a kept plan may read an index through all of the tenant's.
  const rows = await tx.prepared(
    `select article.id, article.title, article.category, article.tags
       from unnest($2::uuid[]) as wanted (id)
      cross join lateral (
        select id, title, category, tags from articles
         where tenant_id = $1 and id = wanted.id and status = 'published'
        offset 0) article`,
    [tenantId, [...ids]],
  );
  return new Map(hitRows.parse(rows).map((row) => [row.id, row]));
}

const hitRows = z.array(
  z.object({ id: z.string(), title: z.string(), category: z.enum(categories), tags: z.array(z.string()) }),
);

/** A chunk as a passage. */
export interface ChunkPassage {
  readonly text: string;
  /** The headings above it; empty where there is none. */
  readonly heading: string;
}

/** The given chunks, by article id. */
export async function listPassages(
  tx: Transaction,
  tenantId: string,
  spaceId: string,
  chunks: readonly { readonly articleId: string; readonly chunkHash: string }[],
): Promise<Map<string, ChunkPassage>> {
  // Each chunk by its primary key.
  const rows = await tx.prepared(
    `select wanted.article_id as id, chunk.text, chunk.heading
       from unnest($3::uuid[], $4::text[]) as wanted (article_id, chunk_hash)
      cross join lateral (
        select text, heading from chunk_vectors
         where tenant_id = $1 and space_id = $2 and article_id = wanted.article_id and chunk_hash = wanted.chunk_hash
        offset 0) chunk`,
    [tenantId, spaceId, chunks.map(({ articleId }) => articleId), chunks.map(({ chunkHash }) => chunkHash)],
  );
  return new Map(passageRows.parse(rows).map(({ id, ...rest }) => [id, rest]));
}

const passageRows = z.array(z.object({ id: z.string(), text: z.string(), heading: z.string() }));
