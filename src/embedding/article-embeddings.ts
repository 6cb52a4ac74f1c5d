import type { EmbeddingStatus } from '../domain/embedding-status.ts';
import type { Outbox, OutboxTicket } from '../outbox/outbox.ts';
import type { Transaction } from '../platform/postgres/database.ts';

import { markRetried, readStates, upsertWrittenState } from './status-store.ts';

/** What an article is for its embedding after a write. */
export interface WrittenArticle {
  readonly tenantId: string;
  readonly articleId: string;
  readonly published: boolean;
  /** Whether this write made the text or its being published another one: only then is there anything to embed. */
  readonly needsEmbedding: boolean;
}

/** An article's embedding as a client sees it (`embedding` in the article). */
export interface EmbeddingState {
  readonly status: EmbeddingStatus;
  readonly reason: string | null;
  readonly model: string | null;
  readonly dimensions: number | null;
  readonly chunks: number | null;
  readonly contentHash: string | null;
  readonly embeddedAt: Date | null;
  readonly nextAttemptAt: Date | null;
  readonly workflowId: string;
}

/** What the articles feature needs of the embedding feature. */
export interface ArticleEmbeddings {
  /** In the write's transaction: sets the embedding state and, where there is something to embed, the outbox row. */
  articleWritten(tx: Transaction, article: WrittenArticle): Promise<OutboxTicket | undefined>;
  /** In a transaction that changes no text: the article is to be tried again now. */
  retryWanted(tx: Transaction, tenantId: string, articleId: string): Promise<OutboxTicket>;
  /** After the commit: signals the workflow in the background. Never throws, never waits; the relay sends what it missed. */
  dispatch(ticket: OutboxTicket | undefined): void;
  /** States of articles, by article id. Every article has one. */
  statesOf(
    tx: Transaction,
    tenantId: string,
    articleIds: readonly string[],
  ): Promise<Map<string, EmbeddingState>>;
}

/** The embedding's half of an article's write: its state and its outbox row, in the write's own transaction. */
export function createArticleEmbeddings(deps: { readonly outbox: Outbox }): ArticleEmbeddings {
  const { outbox } = deps;
  return {
    async articleWritten(tx, { tenantId, articleId, published, needsEmbedding }) {
      if (!published) {
        await upsertWrittenState(tx, tenantId, articleId, 'not_applicable');
        return undefined;
      }
      if (!needsEmbedding) return undefined;
      const [ticket] = await Promise.all([
        outbox.enqueue(tx, { tenantId, kind: 'article', subjectId: articleId }),
        upsertWrittenState(tx, tenantId, articleId, 'pending'),
      ]);
      return ticket;
    },
    async retryWanted(tx, tenantId, articleId) {
      await markRetried(tx, tenantId, articleId);
      return outbox.enqueue(tx, { tenantId, kind: 'article', subjectId: articleId });
    },
    dispatch(ticket) {
      if (ticket !== undefined) outbox.dispatch(ticket);
    },
    statesOf: readStates,
  };
}
