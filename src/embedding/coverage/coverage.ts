import { chunkerVersion } from '../../domain/chunks.ts';
import type { EmbeddingStatus } from '../../domain/embedding-status.ts';
import type { FailureCode } from '../../domain/failures.ts';
import { embedBacklogWorkflowId } from '../../domain/temporal-names.ts';
import type { ProviderKeys } from '../../llm-config/service.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { type ListedSpace, listSpaces } from '../../vectors/spaces.ts';
import {
  countSpaces,
  countStates,
  readLastChange,
  type SpaceCount,
  type StateCount,
} from './coverage-read-model.ts';

export interface SpaceView extends ListedSpace, Omit<SpaceCount, 'spaceId'> {
  /** Whether it is the one of the tenant's current model, in which articles are embedded now. */
  readonly current: boolean;
}

/** What happens after a first key, another key or another model. */
export interface Backfill {
  readonly inProgress: boolean;
  /** Published articles whose vectors are those of their text and the current model. */
  readonly done: number;
  /** Those, and the ones that wait for a worker or for a person; what has been given up is not waited for. */
  readonly total: number;
  /** Of the change that the articles wait for. */
  readonly startedAt: Date | null;
  /** The run in Temporal that should be working on it. */
  readonly workflowId: string | null;
}

/** How far search by meaning reaches, and why not further. */
export interface CoverageView {
  readonly published: number;
  /** Of the published, those that the serving space finds. */
  readonly embedded: number;
  /** That new vectors are made with. */
  readonly model: string;
  readonly hasKey: boolean;
  /** Newest first. */
  readonly spaces: readonly SpaceView[];
  readonly statuses: Readonly<Record<EmbeddingStatus, number>>;
  /** How many published articles lack their vectors for each reason. */
  readonly reasons: ReadonlyMap<FailureCode, number>;
  readonly backfill: Backfill;
  readonly nextAttemptAt: Date | null;
}

export interface EmbeddingCoverage {
  /** The tenant's coverage as the database has it; asks neither Temporal nor a provider. */
  view(tenantId: string): Promise<CoverageView>;
}

/** Tells how complete the tenant's vectors are. */
export function createEmbeddingCoverage(deps: {
  readonly database: Database;
  readonly keys: Pick<ProviderKeys, 'current' | 'models'>;
}): EmbeddingCoverage {
  const { database, keys } = deps;
  return {
    view: (tenantId) =>
      database.withTenant(tenantId, async (tx) => {
        const [key, models, states, listed, counts, change] = await Promise.all([
          keys.current(tx, tenantId, 'embedding'),
          keys.models(tx, tenantId),
          countStates(tx, tenantId),
          listSpaces(tx, tenantId),
          countSpaces(tx, tenantId),
          readLastChange(tx, tenantId),
        ]);
        const { embedding_model: model } = models;
        const held = new Map(counts.map(({ spaceId, ...count }) => [spaceId, count]));
        const spaces = listed.map((space) => ({ ...space, ...(held.get(space.id) ?? nothingHeld) }));
        const serving = spaces.find((space) => space.serving);
        // The newest of the model, as the steps that store vectors choose it.
        const current = spaces.find(
          (space) => space.model === model && space.chunkerVersion === chunkerVersion,
        );
        const statuses = sumByStatus(states);
        const { pending, embedded, blocked, failed } = statuses;
        const modelChanges = serving !== undefined && serving.id !== current?.id;
        const inProgress = key !== undefined && pending > 0 && (modelChanges || change.olderArticleWaits);
        return {
          published: pending + embedded + blocked + failed,
          embedded: serving?.articles ?? 0,
          model,
          hasKey: key !== undefined,
          spaces: spaces.map((space) => ({ ...space, current: space.id === current?.id })),
          statuses,
          reasons: sumByReason(states),
          backfill: {
            inProgress,
            done: embedded,
            total: embedded + pending + blocked,
            startedAt: inProgress ? change.changedAt : null,
            workflowId: inProgress ? embedBacklogWorkflowId(tenantId) : null,
          },
          nextAttemptAt: earliest(states),
        };
      }),
  };
}

const nothingHeld = { articles: 0, chunks: 0 };

function sumByStatus(states: readonly StateCount[]): Record<EmbeddingStatus, number> {
  const sums = { not_applicable: 0, pending: 0, embedded: 0, blocked: 0, failed: 0 };
  for (const { status, articles } of states) sums[status] += articles;
  return sums;
}

function sumByReason(states: readonly StateCount[]): Map<FailureCode, number> {
  const sums = new Map<FailureCode, number>();
  for (const { reason, articles } of states) {
    if (reason !== null) sums.set(reason, (sums.get(reason) ?? 0) + articles);
  }
  return sums;
}

function earliest(states: readonly StateCount[]): Date | null {
  const times = states.flatMap(({ nextAttemptAt }) => nextAttemptAt?.getTime() ?? []);
  return times.length === 0 ? null : new Date(Math.min(...times));
}
