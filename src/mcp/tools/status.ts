import { z } from 'zod';
import { guidanceOf, isFailureCode } from '../../domain/failures.ts';
import { coverageReply } from '../../embedding/coverage/routes.ts';
import { pipelineFailures } from '../../knowledge/pipeline-routes.ts';
import type { CallRoute } from '../call-route.ts';
import { reads, tool } from '../tool.ts';

const coverage = coverageReply.shape.data;
const counts = z.record(z.string(), z.int());
const pipelineReply = z.object({
  data: z.object({ recent_failures: pipelineFailures }).catchall(z.unknown()),
});
const maxFailures = 5;

/** The tool `status`: what works now, what is under way and what has failed. */
export const statusTool = tool({
  name: 'status',
  title: 'Read what works now',
  description:
    'Returns how far search by meaning reaches, why articles are not in it, what is under way, and, for keys that may see it, ' +
    'the counts of ingestion and reviews and the latest failures. Use it when a search was degraded, or after writing or ' +
    'ingesting much. Costs nothing. Each reason has a `next_step` and `who` takes it.',
  annotations: reads,
  route: { method: 'get', path: '/knowledge/embeddings' },
  input: z.strictObject({}),
  output: z.object({
    search_by_meaning: z.object({
      ...coverage.shape.coverage.shape,
      has_key: z.boolean(),
      model: z.string(),
    }),
    articles: counts.describe('By the status of their vectors'),
    reasons: z
      .array(
        z.object({
          code: z.string(),
          articles: z.int(),
          who: z.string().nullable(),
          next_step: z.string().nullable(),
        }),
      )
      .describe('Why published articles have no vectors yet'),
    backfill: coverage.shape.backfill.pick({ in_progress: true, done: true, total: true }),
    pipeline: z.record(z.string(), counts).optional().describe('Counts by kind and status'),
    recent_failures: pipelineFailures.optional(),
  }),
  async run(_input, call) {
    const answer = await call({ method: 'get', path: '/knowledge/embeddings' });
    if (answer.kind === 'refused') return answer;
    const { data } = coverageReply.parse(answer.body);
    const { published, embedded } = data.coverage;
    return {
      kind: 'answer',
      summary: data.has_key
        ? 'Search by meaning works with the articles that are embedded.'
        : 'Search is by keyword only: the tenant has no embedding key.',
      data: {
        search_by_meaning: { published, embedded, has_key: data.has_key, model: data.model },
        articles: data.statuses,
        reasons: Object.entries(data.reasons).map(([code, articles]) => ({
          code,
          articles: articles ?? 0,
          ...guidanceOf(isFailureCode(code) ? code : null),
        })),
        backfill: data.backfill,
        ...(await readPipeline(call)),
      },
    };
  },
});

/** The pipeline, for a key that may see it. Its failure is no failure of the status. */
async function readPipeline(call: CallRoute) {
  const answer = await call({
    method: 'get',
    path: '/knowledge/pipeline',
    query: { limit: String(maxFailures) },
  });
  if (answer.kind === 'refused') return {};
  const { recent_failures, ...kinds } = pipelineReply.parse(answer.body).data;
  const pipeline = Object.entries(kinds).flatMap(([kind, given]) => {
    const parsed = counts.safeParse(given);
    return parsed.success ? [[kind, parsed.data] as const] : [];
  });
  return { pipeline: Object.fromEntries(pipeline), recent_failures };
}
