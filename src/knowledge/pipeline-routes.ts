import { z } from 'zod';
import { embeddingStatuses } from '../domain/embedding-status.ts';
import {
  type FailureCode,
  failureCodes,
  failureTraits,
  guidanceOf,
  isFailureCode,
} from '../domain/failures.ts';
import { embedArticleWorkflowId } from '../domain/temporal-names.ts';
import { guidanceShape } from '../platform/http/guidance.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
import { limit } from '../platform/http/schemas.ts';
import type { Pipeline, PipelineView } from './pipeline.ts';

const failureView = z
  .object({
    kind: z.enum(['embedding']),
    id: z.uuid().describe("The article's id"),
    code: z.enum(failureCodes),
    ...guidanceShape,
    message: z.string().describe('What the code means'),
    attempts: z.int().min(0).describe('Calls of the provider that have failed since the last success'),
    failed_at: z.iso.datetime(),
    retryable: z.boolean().describe('Whether one more try may succeed without a change by a person'),
    workflow_id: z.string().describe('The workflow in Temporal'),
  })
  .meta({ id: 'PipelineFailure' });

/** What was given up or is blocked. */
export const pipelineFailures = z
  .array(failureView)
  .describe('What was given up or is blocked, the newest first');

const pipelineReply = z.object({
  data: z.object({
    embedding: z
      .record(z.enum(embeddingStatuses), z.int().min(0))
      .describe('The number of articles with each embedding status'),
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

function present(tenantId: string, { embedding, failures }: PipelineView) {
  return {
    embedding: Object.fromEntries(embeddingStatuses.map((status) => [status, embedding[status] ?? 0])),
    recent_failures: failures.map((failure) => {
      const code: FailureCode = isFailureCode(failure.reason) ? failure.reason : 'internal';
      return {
        kind: 'embedding' as const,
        id: failure.articleId,
        code,
        ...guidanceOf(code),
        message: failureTraits[code].title,
        attempts: failure.attempts,
        failed_at: failure.failedAt.toISOString(),
        retryable: ['retries', 'waits'].includes(failureTraits[code].workflow),
        workflow_id: embedArticleWorkflowId(tenantId, failure.articleId),
      };
    }),
  };
}
