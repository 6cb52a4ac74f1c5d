import type { EmbeddingStatus } from '../domain/embedding-status.ts';
import type { Transaction } from '../platform/postgres/database.ts';

/** A condition for a statement on `articles`: the article's embedding has this status. */
export function withEmbeddingStatus(tx: Transaction, status: EmbeddingStatus) {
  return tx('article_embeddings')
    .whereRaw('article_embeddings.tenant_id = articles.tenant_id')
    .whereRaw('article_embeddings.article_id = articles.id')
    .where({ 'article_embeddings.status': status });
}
