import { z } from 'zod';
import type { EmbeddingStatus } from '../../domain/embedding-status.ts';
import { failureCodes } from '../../domain/failures.ts';
import { type Route, reply, route } from '../../platform/http/route.ts';
import type { CoverageView, EmbeddingCoverage } from './coverage.ts';

const time = z.iso.datetime();
const count = z.int().min(0);

const servingView = z.object({ id: z.uuid(), model: z.string(), dimensions: z.int() });

const spaceView = z
  .object({
    ...servingView.shape,
    chunker_version: z.int(),
    serving: z.boolean().describe('Whether it answers searches; one space of a tenant does'),
    current: z.boolean().describe("Whether it is the current model's space, in which new vectors are stored"),
    articles: count.describe('Published articles whose current text has all of its vectors there'),
    chunks: count.describe('Chunks of those texts'),
    answered_model: z
      .string()
      .nullable()
      .describe(
        "The model that the provider's answers name; null before the first, and where they name none",
      ),
    model_drifted_at: time
      .nullable()
      .describe('When answers began to name another model than before: new vectors may not fit the old ones'),
    created_at: time,
  })
  .meta({ id: 'EmbeddingSpace' });

const coverageView = z
  .object({
    coverage: z.object({
      published: count,
      embedded: count.describe('Published articles that search by meaning finds now'),
    }),
    model: z.string().describe("The model that makes new vectors: the tenant's own or the default"),
    has_key: z.boolean(),
    serving: servingView
      .nullable()
      .describe('The space that answers searches; null before the first vectors'),
    spaces: z.array(spaceView).describe('Newest first. Vectors can be compared only within one space'),
    statuses: z.object({
      not_applicable: count.describe('Drafts and archived articles'),
      pending: count,
      embedded: count.describe('With the vectors of their current text and the current model'),
      partial: count.describe('The same, without the chunks that the provider refused'),
      blocked: count,
      failed: count,
    } satisfies Record<EmbeddingStatus, z.ZodType>),
    reasons: z
      .partialRecord(z.enum(failureCodes), count)
      .describe('How many published articles have no vectors yet, by reason; only codes that occur'),
    backfill: z
      .object({
        in_progress: z.boolean().describe('Whether articles wait because of a new key, model or setting'),
        model: z.string().describe('The model of the new vectors'),
        done: count.describe('The articles that are `embedded` or `partial`'),
        total: count.describe(
          'The `embedded`, `partial`, `pending` and `blocked` articles: the model serves once all are done',
        ),
        started_at: time
          .nullable()
          .describe('The last change of key or settings; null while nothing is in progress'),
        workflow_id: z
          .string()
          .nullable()
          .describe('Its workflow in Temporal; null while nothing is in progress'),
      })
      .meta({ id: 'EmbeddingBackfill' }),
    next_attempt_at: time.nullable().describe('The earliest attempt that is announced for a pending article'),
  })
  .meta({ id: 'EmbeddingCoverage' });

/** The reply of the route. */
export const coverageReply = z.object({ data: coverageView });

/** GET /knowledge/embeddings: how far search by meaning reaches. */
export function embeddingRoutes(deps: { readonly embeddingCoverage: EmbeddingCoverage }): Route[] {
  return [
    route({
      method: 'get',
      path: '/knowledge/embeddings',
      role: 'agent',
      tag: 'Knowledge',
      summary: 'Read how complete search by meaning is, and why',
      description:
        'While a model is being replaced, the old space stays `serving` and the `current` one fills. `backfill` shows the progress.',
      replies: {
        200: { description: 'The coverage as it is now', schema: coverageReply },
      },
      problems: [],
      handle: async ({ actor }) =>
        reply(200, { data: present(await deps.embeddingCoverage.view(actor.tenantId)) }),
    }),
  ];
}

function present(view: CoverageView) {
  const serving = view.spaces.find((space) => space.serving);
  const { backfill } = view;
  return {
    coverage: { published: view.published, embedded: view.embedded },
    model: view.model,
    has_key: view.hasKey,
    serving: serving ? { id: serving.id, model: serving.target.model, dimensions: serving.dimensions } : null,
    spaces: view.spaces.map((space) => ({
      id: space.id,
      model: space.target.model,
      dimensions: space.dimensions,
      chunker_version: space.chunkerVersion,
      serving: space.serving,
      current: space.current,
      articles: space.articles,
      chunks: space.chunks,
      answered_model: space.answeredModel,
      model_drifted_at: space.modelDriftedAt?.toISOString() ?? null,
      created_at: space.createdAt.toISOString(),
    })),
    statuses: view.statuses,
    reasons: Object.fromEntries(view.reasons),
    backfill: {
      in_progress: backfill.inProgress,
      model: view.model,
      done: backfill.done,
      total: backfill.total,
      started_at: backfill.startedAt?.toISOString() ?? null,
      workflow_id: backfill.workflowId,
    },
    next_attempt_at: view.nextAttemptAt?.toISOString() ?? null,
  };
}
