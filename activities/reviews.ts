import type { ReviewRef } from '../src/domain/extract-content.ts';
import type {
  DraftedPassage,
  ExtractedPassage,
  ExtractReviewResult,
  PreparedReview,
  ReviewPart,
} from '../src/domain/extract-review.ts';
import type { FailureCode } from '../src/domain/failures.ts';
import type { ExtractReviewSteps } from '../src/reviews/extract-review.ts';
import { orThrow } from './or-throw.ts';

/** The services behind the activities of reviews. */
export interface ReviewDeps {
  readonly reviewSteps: ExtractReviewSteps;
}

/** The activities of reviews. */
export interface ReviewActivities {
  /** Step 1 of ExtractReview: finds out what is left to do. */
  prepareReview(input: ReviewRef & { readonly tries: number }): Promise<PreparedReview>;
  /** Step 2: buys the answer of the model about one passage. */
  extractReviewPassage(input: ReviewPart & { readonly tries: number }): Promise<ExtractedPassage>;
  /** Step 3: makes the drafts of that answer. */
  draftReviewArticles(
    input: ReviewPart & { readonly isLast: boolean; readonly tries: number },
  ): Promise<DraftedPassage>;
  /** Step 4: writes on the review how the run has ended. */
  finishReview(input: ReviewRef & { readonly code?: FailureCode }): Promise<ExtractReviewResult>;
}

/** Creates the activities of reviews. */
export function createReviewActivities({ reviewSteps: steps }: ReviewDeps): ReviewActivities {
  return {
    prepareReview: async ({ tries, ...review }) => orThrow(await steps.prepare(review, tries)),
    extractReviewPassage: async ({ tries, ...part }) => orThrow(await steps.extract(part, tries)),
    draftReviewArticles: async ({ isLast, tries, ...part }) =>
      orThrow(await steps.draft(part, isLast, tries)),
    finishReview: ({ code, ...review }) => steps.finish(review, code),
  };
}
