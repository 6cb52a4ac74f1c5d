import type { FailureCode } from './failures.ts';
import type { KeyReference } from './operations.ts';

/** What the EmbedArticle workflow and its activities hand each other: ids, numbers and codes, no text, no vector, no key. */
export interface ArticleRef {
  readonly tenantId: string;
  readonly articleId: string;
}

export interface EmbedArticleResult {
  readonly outcome: 'embedded' | 'unchanged' | 'skipped' | 'gone';
  readonly reason?: FailureCode | 'not_published';
  readonly model?: string;
  readonly chunks?: number;
  readonly input_tokens?: number;
}

/** Answer of `resolveEmbeddingKey`. */
export type ResolvedKey =
  | { readonly kind: 'reference'; readonly key: KeyReference }
  | { readonly kind: 'no_api_key' };

/** Answer of `checkContentHash`. */
export type HashCheck =
  | { readonly kind: 'gone' }
  | { readonly kind: 'not_published' }
  | { readonly kind: 'unchanged'; readonly chunks: number }
  | { readonly kind: 'missing'; readonly contentHash: string; readonly missingChunks: number };

/** Answer of `generateEmbedding`: one guarded call, or the reason why none was made. */
export type Generated =
  /** The article's vectors are complete. */
  | { readonly kind: 'embedded'; readonly chunks: number; readonly inputTokens: number }
  /** A batch is stored and others are missing. */
  | { readonly kind: 'more'; readonly missingChunks: number; readonly inputTokens: number }
  /** The article is no longer the one that was checked. */
  | { readonly kind: 'changed' }
  /** The tenant's share of the worker's provider calls is in use: nothing was called. */
  | { readonly kind: 'busy'; readonly retryInMs: number }
  /** The breaker is open, or other calls hold the last of the budget back: nothing was called. */
  | {
      readonly kind: 'waits';
      readonly code: 'circuit_open' | 'budget_exhausted';
      readonly retryInMs: number;
    };
