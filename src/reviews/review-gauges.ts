import { reviewStatuses } from '../domain/extract-review.ts';
import type { FeatureState, StateGauge } from '../platform/telemetry/state-gauges.ts';
import { countReviews, type ReviewCount } from './review-counts-store.ts';

const reviews: StateGauge<readonly ReviewCount[], 'status'> = {
  name: 'lorekeep_reviews',
  help: 'Reviews by the status of their extraction',
  labels: { status: reviewStatuses },
  fromZero: true,
  values: (counts) => counts.map(({ status, count }) => ({ labels: { status }, value: count })),
};

/** The statuses of all reviews. */
export const reviewGauges: FeatureState<readonly ReviewCount[]> = { read: countReviews, gauges: [reviews] };
