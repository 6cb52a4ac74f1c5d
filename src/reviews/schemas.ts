import { z } from 'zod';
import { reviewStatuses } from '../domain/extract-review.ts';
import { failureCodes } from '../domain/failures.ts';
import { cursor } from '../platform/http/cursor.ts';
import { guidanceShape } from '../platform/http/guidance.ts';
import { boundedArray, limit, uuid, visibleText } from '../platform/http/schemas.ts';
import { type Finding, maxReviewCharacters } from './review.ts';

const finding = z
  .strictObject({
    title: visibleText({ max: 300 }).describe('What was found, in one line'),
    body: visibleText({ max: 8_000 }).describe('Markdown or plain text'),
    severity: visibleText({ max: 50 }).optional().describe('In your own words'),
    resolution: visibleText({ max: 3_000 }).optional().describe('What was done about it'),
  })
  .meta({ id: 'Finding' });

const oneOrMore = (findings: readonly unknown[]) => findings.length > 0;

/** The body of POST. */
export const newReviewSchema = z
  .strictObject({
    review_type: visibleText({ max: 100 }).describe(
      'What was reviewed or how, such as `incident` or `code review`',
    ),
    summary: visibleText({ max: 8_000 }).describe('What happened or was looked at, and what came of it'),
    findings: boundedArray(finding, { max: 50 })
      .refine(oneOrMore, 'must have at least 1 entry')
      .describe('The findings; with the summary at most 60,000 characters in all'),
    idempotency_key: z.string().optional().describe('The same as the Idempotency-Key header'),
  })
  .refine(({ summary, findings }) => charactersOf(summary, findings) <= maxReviewCharacters, {
    path: ['findings'],
    message: `must have at most ${maxReviewCharacters} characters together with the summary`,
  })
  .meta({
    id: 'NewReview',
    examples: [
      {
        review_type: 'incident',
        summary: 'The login was away for 40 minutes because a certificate had expired.',
        findings: [
          {
            title: 'No alert before the certificate expired',
            body: 'The check asked the load balancer, which has a certificate of its own.',
            severity: 'high',
            resolution: 'The check asks each host.',
          },
        ],
      },
    ],
  });

function charactersOf(summary: string, findings: readonly Finding[]): number {
  return findings.reduce(
    (sum, { title, body, severity = '', resolution = '' }) =>
      sum + title.length + body.length + severity.length + resolution.length,
    summary.length,
  );
}

/** The path of one review. */
export const reviewIdSchema = z.object({ id: uuid });

/** The query of the list. */
export const reviewListSchema = z.strictObject({
  status: z.enum(reviewStatuses).optional().describe('Only reviews with this `extraction.status`'),
  limit: limit(),
  // The id of the last review of the page before.
  cursor: cursor(uuid).optional(),
});

const time = z.iso.datetime();

const extractionView = z
  .object({
    status: z
      .enum(reviewStatuses)
      .describe('`partial`: some of it could not be read; `blocked`: it goes on once `who` has acted'),
    reason: z.enum(failureCodes).nullable().describe('Why it is blocked, failed, partial or waiting'),
    ...guidanceShape,
    article_ids: z.array(z.uuid()).describe('The articles that were made of it'),
    duplicates: z.int().min(0).describe('Articles whose words stand in another one already'),
    failed: z.int().min(0).describe('Articles of the model that could not be used'),
    next_attempt_at: time.nullable(),
    finished_at: time.nullable(),
    workflow_id: z.string().describe('The workflow in Temporal'),
  })
  .meta({ id: 'ReviewExtraction' });

const listed = z.object({
  id: z.uuid(),
  review_type: z.string(),
  summary: z.string(),
  created_at: time,
  extraction: extractionView,
});

const review = listed
  .extend({ findings: z.array(finding) })
  .meta({ id: 'Review', description: 'A finished review and what was drafted of it' });

export const reviewReply = z.object({ data: review });
export const reviewListReply = z.object({
  data: z.array(listed.meta({ id: 'ListedReview' })),
  meta: z.object({ next_cursor: z.string().nullable() }),
});
