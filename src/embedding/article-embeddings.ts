import type { Outbox } from '../outbox/outbox.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { Limits } from '../providers/limits/limits.ts';
import { forgetRefusals } from '../vectors/refusals/chunk-refusals.ts';
import { type EmbeddingState, listStates, newState } from './status-read-model.ts';
import { listRejectedHashes, markRetried, upsertWrittenStatus } from './status-store.ts';

export type { EmbeddingState } from './status-read-model.ts';

/** What the embedding has to know of an article after a write. */
export interface WrittenArticle {
  readonly tenantId: string;
  readonly articleId: string;
  readonly published: boolean;
  /**
   * Whether the article is published and this write changed its text or published it. Otherwise there is nothing to
   * embed.
   */
  readonly needsEmbedding: boolean;
  /** Whether a person has edited it: then one call is tried although the provider has asked for a pause. */
  readonly edited: boolean;
  /** The API key that wrote it, whose daily budget pays for the vectors. */
  readonly apiKeyId: string | null;
}

/** What the articles feature needs of the embedding feature. */
export interface ArticleEmbeddings {
  /**
   * Sets the embedding status in the transaction of the write and, if there is something to embed, requests the
   * workflow.
   */
  articleWritten(tx: Transaction, article: WrittenArticle): Promise<void>;
  /** The state of a new article, as `articleWritten` sets it: what a reading in the same transaction would find. */
  newState(article: Pick<WrittenArticle, 'tenantId' | 'articleId' | 'published'>): EmbeddingState;
  /**
   * Requests the embedding of the article again, in a transaction that changes no text. The API key that asks for it pays, because
   * the budget of the author's key may be what has blocked the article. Chunks that the provider refused are sent to it again.
   */
  retry(tx: Transaction, tenantId: string, articleId: string, apiKeyId: string | null): Promise<void>;
  /** Returns the states of articles, by article id. Every article has one. */
  statesOf(
    tx: Transaction,
    tenantId: string,
    articleIds: readonly string[],
  ): Promise<Map<string, EmbeddingState>>;
}

/**
 * Creates the embedding's part of an article's write: its status and its outbox row, in the transaction of the write.
 */
export function createArticleEmbeddings(deps: {
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly limits: Pick<Limits, 'allowProbe'>;
}): ArticleEmbeddings {
  const { outbox, limits } = deps;
  const enqueue = (tx: Transaction, tenantId: string, articleId: string) =>
    outbox.enqueue(tx, { tenantId, kind: 'article', subjectId: articleId });
  return {
    async articleWritten(tx, { tenantId, articleId, published, needsEmbedding, edited, apiKeyId }) {
      if (!published)
        await upsertWrittenStatus(tx, tenantId, articleId, { status: 'not_applicable', apiKeyId: null });
      else if (needsEmbedding) {
        await Promise.all([
          enqueue(tx, tenantId, articleId),
          upsertWrittenStatus(tx, tenantId, articleId, { status: 'pending', apiKeyId }),
          ...(edited ? [limits.allowProbe(tx, tenantId, 'embedding')] : []),
        ]);
      }
    },
    newState,
    async retry(tx, tenantId, articleId, apiKeyId) {
      await forgetRefusals(tx, tenantId, await listRejectedHashes(tx, tenantId, [articleId]));
      await markRetried(tx, tenantId, articleId, apiKeyId);
      await limits.allowProbe(tx, tenantId, 'embedding');
      await enqueue(tx, tenantId, articleId);
    },
    statesOf: listStates,
  };
}
