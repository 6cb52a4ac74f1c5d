import { z } from 'zod';
import { embeddingStatuses } from '../domain/embedding-status.ts';
import { jobStatuses } from '../domain/extract-content.ts';
import { reviewStatuses } from '../domain/extract-review.ts';
import {
  type FailureCode,
  failureCodes,
  failureTraits,
  guidanceOf,
  isFailureCode,
} from '../domain/failures.ts';
import {
  embedArticleWorkflowId,
  extractReviewWorkflowId,
  ingestContentWorkflowId,
} from '../domain/temporal-names.ts';
import { guidanceShape } from '../platform/http/guidance.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
import { limit } from '../platform/http/schemas.ts';
import type { Pipeline, PipelineView } from './pipeline.ts';
import { type PipelineKind, pipelineKinds } from './pipeline-read-model.ts';

const failureView = z
  .object({
    kind: z.enum(pipelineKinds),
    id: z.uuid().describe('The id of the article, the ingestion job or the review'),
    code: z.enum(failureCodes),
    ...guidanceShape,
    message: z.string().describe('What the code means'),
    attempts: z.int().min(0).describe('Calls of the provider that have failed since the last success'),
    failed_at: z.iso.datetime(),
    retryable: z
      .boolean()
      .describe('Whether one more try may succeed without a change by a person, by the code alone'),
    workflow_id: z.string().describe('The workflow in Temporal'),
  })
  .meta({ id: 'PipelineFailure' });

const count = z.int().min(0);

/** What was given up or is blocked. */
export const pipelineFailures = z
  .array(failureView)
  .describe('What was given up, wholly or in part, or is blocked, of every kind, the newest first');

const pipelineReply = z.object({
  data: z.object({
    embedding: z
      .record(z.enum(embeddingStatuses), count)
      .describe('The number of articles with each embedding status'),
    ingestion: z.record(z.enum(jobStatuses), count).describe('The number of ingestion jobs with each status'),
    review: z
      .record(z.enum(reviewStatuses), count)
      .describe('The number of reviews with each status of their extraction'),
    recent_failures: pipelineFailures,
  }),
});

/** GET /knowledge/pipeline: what is under way, and what has failed. */
export function pipelineRoutes(deps: { readonly pipeline: Pipeline }): Route[] {
  return [
    route({
      method: 'get',
      path: '/knowledge/pipeline',
      role: 'orchestrator',
      tag: 'Knowledge',
      summary: 'Read what is under way, and what has failed and why',
      query: z.strictObject({ limit: limit({ default: 20 }).describe('The most failures to list') }),
      replies: { 200: { description: 'The state as it is now', schema: pipelineReply } },
      problems: [],
      handle: async ({ actor, query }) =>
        reply(200, { data: present(actor.tenantId, await deps.pipeline.view(actor.tenantId, query.limit)) }),
    }),
  ];
}

const workflowIdOf: Readonly<Record<PipelineKind, (tenantId: string, id: string) => string>> = {
  embedding: embedArticleWorkflowId,
  ingestion: ingestContentWorkflowId,
  review: extractReviewWorkflowId,
};

function present(tenantId: string, { counts, failures }: PipelineView) {
  return {
    embedding: Object.fromEntries(embeddingStatuses.map((status) => [status, counts.embedding[status] ?? 0])),
    ingestion: Object.fromEntries(jobStatuses.map((status) => [status, counts.ingestion[status] ?? 0])),
    review: Object.fromEntries(reviewStatuses.map((status) => [status, counts.review[status] ?? 0])),
    recent_failures: failures.map(({ kind, id, reason, attempts, failedAt }) => {
      const code: FailureCode = isFailureCode(reason) ? reason : 'internal';
      return {
        kind,
        id,
        code,
        ...guidanceOf(code),
        message: failureTraits[code].title,
        attempts,
        failed_at: failedAt.toISOString(),
        retryable: ['retries', 'waits'].includes(failureTraits[code].workflow),
        workflow_id: workflowIdOf[kind](tenantId, id),
      };
    }),
  };
}
