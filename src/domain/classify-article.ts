import type { Waits } from './embed-article.ts';
import type { FailureCode } from './failures.ts';

// The payloads between the ClassifyArticle workflow and its activities: ids, numbers and codes, no text, no category.

/** How a run ended. `gone`: there is nothing to classify any more, for instance because a person has chosen the category. */
export interface ClassifyArticleResult {
  readonly outcome: 'classified' | 'skipped' | 'gone';
  readonly reason?: FailureCode;
}

/** Answer of `classifyArticle`: one guarded call, or the reason why none was made. */
export type ClassificationStep =
  /** The answer is stored. */
  | { readonly kind: 'classified' }
  /** The article is gone or archived, is classified, or a person has chosen its category. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'no_api_key' }
  /** A key or a model was changed during the step. */
  | { readonly kind: 'changed' }
  /** No call was made: the tenant's share of the worker's provider calls is in use. */
  | { readonly kind: 'busy'; readonly retryInMs: number }
  /** The call failed and is retried, or none was made: the breaker is open, or calls under way have reserved the budget. */
  | Waits;
