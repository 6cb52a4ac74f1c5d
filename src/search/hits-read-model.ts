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
  const rows: unknown = await tx('chunk_vectors')
    .where({ tenant_id: tenantId, space_id: spaceId })
    .whereIn(
      ['article_id', 'chunk_hash'],
      chunks.map(({ articleId, chunkHash }) => [articleId, chunkHash]),
    )
    .select('article_id as id', 'text', 'heading');
  const passage = z.object({ id: z.string(), text: z.string(), heading: z.string() });
  return new Map(
    z
      .array(passage)
      .parse(rows)
      .map(({ id, ...rest }) => [id, rest]),
  );
}
