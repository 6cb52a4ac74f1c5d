import { guidanceOf } from '../domain/failures.ts';
import { extractReviewWorkflowId } from '../domain/temporal-names.ts';
import type { ListedReview, Review } from './review.ts';
import type { WithDrafts } from './service.ts';

/** A review as clients see it. */
export function presentReview(tenantId: string, of: WithDrafts<Review>) {
  return { ...presentListed(tenantId, of), findings: of.review.findings };
}

/** A review in a list: without its findings, of which each may be long. */
export function presentListed(tenantId: string, { review, drafts }: WithDrafts<ListedReview>) {
  return {
    id: review.id,
    review_type: review.reviewType,
    summary: review.summary,
    created_at: review.createdAt.toISOString(),
    extraction: {
      status: review.status,
      reason: review.code,
      ...guidanceOf(review.code),
      article_ids: drafts.articleIds,
      duplicates: drafts.duplicates,
      failed: drafts.failed,
      next_attempt_at: review.nextAttemptAt?.toISOString() ?? null,
      finished_at: review.finishedAt?.toISOString() ?? null,
      workflow_id: extractReviewWorkflowId(tenantId, review.id),
    },
  };
}
