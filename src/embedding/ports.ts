import type { ArticleSource } from '../domain/article-text.ts';
import type { Chunk } from '../domain/chunks.ts';
import type { Failure } from '../domain/failures.ts';
import type { Transaction } from '../platform/postgres/database.ts';

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
  /** The tenant has no vectors yet and nothing refuses to make them: nothing was called. */
  | { readonly kind: 'no_vectors' }
  | ({ readonly kind: 'failed' } & Failure);

/** What search needs of the embedding feature: one guarded call with a waiting person's patience. Never throws. */
export interface QueryEmbeddings {
  embedQuery(tenantId: string, text: string): Promise<QueryVector>;
}

/** The text of an article that is not written yet, in chunks, with what is known of their vectors. */
export interface ProposedText {
  readonly chunks: readonly Chunk[];
  readonly model: string;
  /** The space that the vectors are of: the one that serves the tenant's searches; none when the tenant has no vectors yet. */
  readonly spaceId: string | undefined;
  /** Hashes of chunks that have vectors there already. */
  readonly known: ReadonlySet<string>;
  /** Vectors that were bought for it, by chunk hash. */
  readonly bought: ReadonlyMap<string, readonly number[]>;
}

export type EmbeddedProposal =
  | { readonly kind: 'embedded'; readonly proposal: ProposedText }
  | ({ readonly kind: 'failed' } & Failure);

/** A published article and how much of a proposal it says already. */
export interface SimilarArticle {
  readonly articleId: string;
  readonly title: string;
  readonly similarity: number;
}

/** What a proposal was held against. */
export interface Comparison {
  /** Best first. */
  readonly similar: readonly SimilarArticle[];
  /** Whether all of the proposal's text was compared. */
  readonly ofAllText: boolean;
}

/** What the proposal gate needs of the embedding feature. */
export interface Proposals {
  /**
   * Vectors of a proposal, outside any transaction: those that the tenant has are found, the others bought by one guarded call
   * within a waiting person's patience. Fails as the call does, or for want of a usable key. Never throws.
   */
  embed(tenantId: string, text: ArticleSource, patienceMs: number): Promise<EmbeddedProposal>;
  /** The tenant's published articles that are most like it. */
  compare(tx: Transaction, tenantId: string, proposal: ProposedText): Promise<Comparison>;
  /**
   * Stores the vectors with the article that the proposal became, in its own transaction: nobody pays for them again. Begun
   * after the article's own statements it shares their round trip.
   */
  keep(
    tx: Transaction,
    tenantId: string,
    article: { readonly id: string; readonly contentHash: string; readonly published: boolean },
    proposal: ProposedText,
  ): Promise<void>;
}
