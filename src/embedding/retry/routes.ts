import { z } from 'zod';
import { failureCodes } from '../../domain/failures.ts';
import { type Route, reply, route } from '../../platform/http/route.ts';
import type { EmbeddingRetries, Retried } from './retry-all.ts';

const retrySchema = z
  .strictObject({
    reason: z.enum(failureCodes).optional().describe('Only articles with this `embedding.reason`'),
  })
  .meta({ id: 'EmbeddingRetry', examples: [{ reason: 'quota_exhausted' }, {}] });

const retriedReply = z.object({
  data: z.object({
    articles: z.int().min(0).describe('The articles whose workflows are requested'),
    more: z.boolean().describe('Whether more may be left: the same request takes the next ones'),
  }),
});

/** POST /knowledge/embeddings/retry: all articles without vectors once more. */
export function embeddingRetryRoutes(deps: { readonly embeddingRetries: EmbeddingRetries }): Route[] {
  return [
    route({
      method: 'post',
      path: '/knowledge/embeddings/retry',
      role: 'orchestrator',
      tag: 'Knowledge',
      summary: 'Embed the articles once more that are blocked or failed',
      description:
        'All of them, or those with one `reason`, at most 2,000 a request. Existing vectors are not bought again; what is missing is paid by the API key that asks.',
      body: retrySchema.optional(),
      idempotent: true,
      replies: { 202: { description: 'Their workflows are requested', schema: retriedReply } },
      problems: [],
      async handle({ actor, body, once }) {
        const accepted = (retried: Retried) => reply(202, { data: retried });
        return accepted(await deps.embeddingRetries.retryAll(actor, body?.reason, once(accepted)));
      },
    }),
  ];
}
