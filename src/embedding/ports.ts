import type { Failure } from '../domain/failures.ts';
import type { Transaction } from '../platform/postgres.ts';

/** What an article is for its embedding after a write. */
export interface WrittenArticle {
  readonly tenantId: string;
  readonly articleId: string;
  readonly published: boolean;
  /** Whether this write made the text or its being published another one: only then is there anything to embed. */
  readonly needsEmbedding: boolean;
}

/** A row of the outbox at the version that the write made it. */
export interface OutboxTicket {
  readonly tenantId: string;
  readonly kind: 'article' | 'backlog';
  readonly subjectId: string;
  readonly version: string;
}

export type EmbeddingStatus = 'not_applicable' | 'pending' | 'embedded' | 'blocked' | 'failed';

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

/** A query's vector, in the space that serves the tenant's searches; or why there is none. */
export type QueryVector =
  | {
      readonly kind: 'vector';
      readonly spaceId: string;
      readonly model: string;
      readonly vector: readonly number[];
    }
  /** The tenant has no vectors yet: nothing was called. */
  | { readonly kind: 'no_vectors' }
  | ({ readonly kind: 'failed' } & Failure);

/** What search needs of the embedding feature: one guarded call with a waiting person's patience. Never throws. */
export interface QueryEmbeddings {
  embedQuery(tenantId: string, text: string): Promise<QueryVector>;
}
