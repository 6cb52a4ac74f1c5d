import type { Waits } from './embed-article.ts';
import type { PartRef, ReviewRef } from './extract-content.ts';
import { type FailureCode, failureTraits } from './failures.ts';

// The payloads between the ExtractReview workflow and its activities: ids, numbers and codes.

/** The statuses of a review: what becomes of its knowledge. */
export const reviewStatuses = ['queued', 'running', 'blocked', 'completed', 'partial', 'failed'] as const;
export type ReviewStatus = (typeof reviewStatuses)[number];

/** How a run ended. `skipped`: the tenant has no key. */
export interface ExtractReviewResult {
  readonly outcome: Exclude<ReviewStatus, 'queued' | 'running'> | 'skipped' | 'gone';
  readonly reason?: FailureCode;
  readonly passages?: number;
  readonly articles?: number;
}

/** A passage of a review, or a half of one whose answer was cut off. */
export interface ReviewPart extends ReviewRef, PartRef {}

/** Answer of `prepareReview`. */
export type PreparedReview =
  | { readonly kind: 'gone' | 'no_api_key' }
  /** An earlier run has done it. */
  | { readonly kind: 'ended'; readonly result: ExtractReviewResult }
  /** The passages whose drafts are not made yet. */
  | { readonly kind: 'ready'; readonly passages: readonly number[] }
  /** The custody of keys is away. */
  | Waits;

/** Whether a failure is about the text of one passage, so that the others are worth their calls. */
export const isOfPassage = (code: FailureCode) =>
  failureTraits[code].who === 'author' || code === 'malformed_response';

/** Answer of `extractReviewPassage`: one guarded call or its stored answer, or the reason why none was made. */
export type ExtractedPassage =
  | { readonly kind: 'answered'; readonly articles: number }
  /** Other calls of the tenant hold the slots, or one buys the same answer. */
  | { readonly kind: 'busy' | 'claimed'; readonly retryInMs: number }
  /** The answer cannot be used for this passage alone: others may do. */
  | { readonly kind: 'unusable'; readonly code: FailureCode }
  | Waits;

/** Answer of `draftReviewArticles`. */
export type DraftedPassage = { readonly kind: 'drafted' } | Waits;
