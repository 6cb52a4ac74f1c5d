import type { Outbox } from '../outbox/outbox.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { type EmbeddingState, listStates } from './status-read-model.ts';
import { markRetried, upsertWrittenStatus } from './status-store.ts';

export type { EmbeddingState } from './status-read-model.ts';

/** What an article is for its embedding after a write. */
export interface WrittenArticle {
  readonly tenantId: string;
  readonly articleId: string;
  readonly published: boolean;
  /** Whether this write made the text or its being published another one: only then is there anything to embed. */
  readonly needsEmbedding: boolean;
}

/** What the articles feature needs of the embedding feature. */
export interface ArticleEmbeddings {
  /** In the write's transaction: sets the embedding status and, where there is something to embed, asks for the workflow. */
  articleWritten(tx: Transaction, article: WrittenArticle): Promise<void>;
  /** In a transaction that changes no text: the article is tried again now. */
  retry(tx: Transaction, tenantId: string, articleId: string): Promise<void>;
  /** States of articles, by article id. Every article has one. */
  statesOf(
    tx: Transaction,
    tenantId: string,
    articleIds: readonly string[],
  ): Promise<Map<string, EmbeddingState>>;
}

/** The embedding's half of an article's write: its status and its outbox row, in the write's own transaction. */
export function createArticleEmbeddings(deps: {
  readonly outbox: Pick<Outbox, 'enqueue'>;
}): ArticleEmbeddings {
  const { outbox } = deps;
  const enqueue = (tx: Transaction, tenantId: string, articleId: string) =>
    outbox.enqueue(tx, { tenantId, kind: 'article', subjectId: articleId });
  return {
    async articleWritten(tx, { tenantId, articleId, published, needsEmbedding }) {
      if (!published) await upsertWrittenStatus(tx, tenantId, articleId, 'not_applicable');
      else if (needsEmbedding) {
        await Promise.all([
          enqueue(tx, tenantId, articleId),
          upsertWrittenStatus(tx, tenantId, articleId, 'pending'),
        ]);
      }
    },
    async retry(tx, tenantId, articleId) {
      await markRetried(tx, tenantId, articleId);
      await enqueue(tx, tenantId, articleId);
    },
    statesOf: listStates,
  };
}
