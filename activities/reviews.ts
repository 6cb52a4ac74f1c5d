/** The services behind the activities of reviews. */
export type ReviewDeps = object;

/** The activities of reviews. */
export type ReviewActivities = object;

/** Creates the activities of reviews. */
export function createReviewActivities(_deps: ReviewDeps): ReviewActivities {
  return {};
}
