import type { FailureCode } from './failures.ts';
import type { KeyReference } from './operations.ts';

// The payloads between the EmbedArticle workflow and its activities: ids, numbers and codes, no text, no vector, no key.

/** The article of a run. */
export interface ArticleRef {
  readonly tenantId: string;
  readonly articleId: string;
}

/** How a run ended. `chunks` counts the article's chunks, `input_tokens` those that the run paid for. */
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
  /** The article's text has changed since it was checked. */
  | { readonly kind: 'changed' }
  /** The tenant's share of the worker's provider calls is in use: no call was made. */
  | { readonly kind: 'busy'; readonly retryInMs: number }
  /** No call was made: the breaker is open, or calls under way have reserved the rest of the budget. */
  | {
      readonly kind: 'waits';
      readonly code: 'circuit_open' | 'budget_exhausted';
      readonly retryInMs: number;
    };
