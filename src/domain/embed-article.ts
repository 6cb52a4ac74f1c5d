import type { FailureCode } from './failures.ts';
import type { KeyReference } from './operations.ts';

// The payloads between the EmbedArticle workflow and its activities: ids, numbers and codes, no text, no vector, no key.

/** The article of a run. */
export interface ArticleRef {
  readonly tenantId: string;
  readonly articleId: string;
}

/** What a run is started with. */
export interface EmbedArticleInput extends ArticleRef {
  /** Tries the whole walk in one step first. Absent from runs that began before there was this step. */
  readonly atOnce?: true;
}

/** Where a run stands with its retries. A run that is continued as a new one hands it on. */
export interface RetryState {
  /** Failures in a row. The next wait grows with them. */
  readonly tries: number;
  /** Refusals without a call in a row, which make the shortest wait longer. */
  readonly refusals?: number;
  /** When the first wait since the last progress began, in milliseconds since 1970; absent while nothing waits. */
  readonly sinceMs?: number;
}

/** A step that is tried again after a wait, which is the workflow's: a signal ends it. The article shows when it ends. */
export interface Waits {
  readonly kind: 'waits';
  readonly code: FailureCode;
  readonly retryInMs: number;
  /** False where no call was made, so that the wait is no try. */
  readonly called?: false;
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
  | { readonly kind: 'no_api_key' }
  /** The custody of keys is away. */
  | Waits;

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
  /** No call was made: the tenant's share of the worker's provider calls is in use, or other calls buy all that is missing. */
  | { readonly kind: 'busy' | 'claimed'; readonly retryInMs: number }
  /** The call failed and is retried, or none was made: the breaker is open, or calls under way have reserved the budget. */
  | Waits;

/** Answer of `embedArticle`: the whole walk in one step, or why it goes on step by step. */
export type EmbeddedAtOnce =
  | { readonly kind: 'no_api_key' | 'gone' | 'not_published' }
  | { readonly kind: 'unchanged'; readonly model: string; readonly chunks: number }
  | {
      readonly kind: 'embedded';
      readonly model: string;
      readonly chunks: number;
      readonly inputTokens: number;
    }
  /** A batch is stored, and the steps buy the others. */
  | { readonly kind: 'more'; readonly inputTokens: number }
  /** Nothing was stored: the text has changed, or others were faster. */
  | { readonly kind: 'again' }
  /** See `Generated`. */
  | { readonly kind: 'busy'; readonly retryInMs: number }
  | { readonly kind: 'claimed'; readonly retryInMs: number }
  | Waits;

/** The answer came twice in a form that cannot be used. It is paid for, so the same is not asked again. */
export interface UnusableAnswer {
  readonly kind: 'unusable';
  readonly key: KeyReference;
  readonly contentHash: string;
}
