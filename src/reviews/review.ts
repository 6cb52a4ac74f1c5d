import type { Actor } from '../domain/actor.ts';
import type { ReviewStatus } from '../domain/extract-review.ts';
import type { FailureCode } from '../domain/failures.ts';

/** One finding of a review. */
export interface Finding {
  readonly title: string;
  readonly body: string;
  readonly severity?: string | undefined;
  readonly resolution?: string | undefined;
}

/** A finished review, as it was handed in. */
export interface NewReview {
  readonly reviewType: string;
  readonly summary: string;
  readonly findings: readonly Finding[];
}

/** A review in a list, without its findings. */
export interface ListedReview extends Omit<NewReview, 'findings'> {
  readonly id: string;
  readonly createdAt: Date;
  /** What has become of the knowledge in it. */
  readonly status: ReviewStatus;
  readonly code: FailureCode | null;
  readonly nextAttemptAt: Date | null;
  readonly finishedAt: Date | null;
}

/** A review as it is stored. */
export interface Review extends ListedReview, NewReview {
  /** Who asked for its drafts last. */
  readonly actor: Actor;
  readonly wrappedKey: string | null;
  readonly draftedPassages: readonly number[];
}

/** The articles that were made of a review. */
export interface Drafts {
  readonly articleIds: readonly string[];
  readonly duplicates: number;
  readonly failed: number;
}

/** The most drafts of a review: what is worth keeping of one is a handful of lessons. */
export const maxDrafts = 5;

/** The most characters of the summary and the findings together. It bounds the cost of the calls. */
export const maxReviewCharacters = 60_000;
