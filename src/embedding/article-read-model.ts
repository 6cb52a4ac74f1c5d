import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

const textSchema = z.object({
  title: z.string(),
  body: z.string(),
  tags: z.array(z.string()),
  status: z.enum(['draft', 'published', 'archived']),
  content_hash: z.string(),
});

/** The text of an article, and what decides whether it is embedded. */
export type ArticleText = z.output<typeof textSchema>;

/** Finds an article's text. With `share` it is locked against changes until the transaction ends. */
export async function findArticleText(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  lock: 'none' | 'share',
): Promise<ArticleText | undefined> {
  const query = tx('articles').where({ tenant_id: tenantId, id: articleId });
  if (lock === 'share') query.forShare();
  const row: unknown = await query.first('title', 'body', 'tags', 'status', 'content_hash');
  return textSchema.optional().parse(row);
}
