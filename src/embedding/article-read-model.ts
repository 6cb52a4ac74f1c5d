import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/** The text of an article and what decides whether it is to be embedded. */
const articleSchema = z.object({
  title: z.string(),
  body: z.string(),
  status: z.enum(['draft', 'published', 'archived']),
  content_hash: z.string(),
});
export type StoredArticle = z.output<typeof articleSchema>;

/** Reads the article; `share` keeps its text as it is until the transaction ends. */
export async function readArticle(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  lock: 'none' | 'share',
): Promise<StoredArticle | undefined> {
  const query = tx('articles').where({ tenant_id: tenantId, id: articleId });
  if (lock === 'share') query.forShare();
  const row: unknown = await query.first('title', 'body', 'status', 'content_hash');
  return row === undefined ? undefined : articleSchema.parse(row);
}
