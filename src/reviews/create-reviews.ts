import {
  createExtractReviewSteps,
  type ExtractReviewDeps,
  type ExtractReviewSteps,
} from './extract-review.ts';
import { createReviewService, type ReviewServiceDeps, type Reviews } from './service.ts';
import { createWaitingReviews, type WaitingReviews, type WaitingReviewsDeps } from './waiting-reviews.ts';

/** Wires the reviews: their service, the steps of their workflow, and the wake of those that wait. */
export function createReviews(deps: ReviewServiceDeps & ExtractReviewDeps & WaitingReviewsDeps): {
  readonly reviews: Reviews;
  readonly reviewSteps: ExtractReviewSteps;
  readonly waitingReviews: WaitingReviews;
} {
  return {
    reviews: createReviewService(deps),
    reviewSteps: createExtractReviewSteps(deps),
    waitingReviews: createWaitingReviews(deps),
  };
}
