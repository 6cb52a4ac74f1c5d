import { chunkerVersion } from '../../domain/chunks.ts';
import type { EmbeddingStatus } from '../../domain/embedding-status.ts';
import type { FailureCode } from '../../domain/failures.ts';
import { targetIdOf } from '../../domain/provider-target.ts';
import { embedBacklogWorkflowId } from '../../domain/temporal-names.ts';
import type { ProviderKeys } from '../../llm-config/provider-keys.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { EmbeddingProfiles } from '../../providers/embedding/profiles.ts';
import { type ListedSpace, listSpaces } from '../../vectors/spaces.ts';
import {
  countSpaces,
  countStates,
  readLastChange,
  type SpaceCount,
  type StateCount,
} from './coverage-read-model.ts';

/** A space and how many articles are complete there. */
export interface SpaceView extends ListedSpace, Omit<SpaceCount, 'spaceId'> {
  /** Whether it is the space of the tenant's current model, in which articles are embedded now. */
  readonly current: boolean;
  /** The model that the provider's answers name; null before the first, and where they name none. */
  readonly answeredModel: string | null;
  /** When answers began to name another model than before. */
  readonly modelDriftedAt: Date | null;
}

/** The progress of the embedding after a first key, another key or another model. */
export interface Backfill {
  readonly inProgress: boolean;
  /** Published articles that have the vectors of their text and the current model. */
  readonly done: number;
  /** Those, and the articles that wait for a worker or for a person. Articles that were given up do not count. */
  readonly total: number;
  /** The time of the change that the articles wait for. */
  readonly startedAt: Date | null;
  /** Id of the workflow in Temporal that should be working on it. */
  readonly workflowId: string | null;
}

/** How many published articles search by meaning finds, and why not more. */
export interface CoverageView {
  readonly published: number;
  /** Published articles that the serving space finds. */
  readonly embedded: number;
  /** The model that makes new vectors. */
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

/** The view of the coverage. */
export interface EmbeddingCoverage {
  /** Reads the tenant's coverage from the database. It calls neither Temporal nor a provider. */
  view(tenantId: string): Promise<CoverageView>;
}

/** Creates the view of how complete the tenants' vectors are. */
export function createEmbeddingCoverage(deps: {
  readonly database: Database;
  readonly keys: Pick<ProviderKeys, 'current' | 'embeddingTarget'>;
  readonly profiles: Pick<EmbeddingProfiles, 'profilesOf'>;
}): EmbeddingCoverage {
  const { database, keys } = deps;
  return {
    view: (tenantId) =>
      database.withTenant(tenantId, async (tx) => {
        const [key, target, states, listed, counts, change] = await Promise.all([
          keys.current(tx, tenantId, 'embedding'),
          keys.embeddingTarget(tx, tenantId),
          countStates(tx, tenantId),
          listSpaces(tx, tenantId),
          countSpaces(tx, tenantId),
          readLastChange(tx, tenantId),
        ]);
        const profiles = await deps.profiles.profilesOf(
          tx,
          tenantId,
          listed.map((space) => space.target),
        );
        const countsById = new Map(counts.map(({ spaceId, ...count }) => [spaceId, count]));
        const spaces = listed.map((space, at) => ({
          ...space,
          ...(countsById.get(space.id) ?? noArticles),
          answeredModel: profiles[at]?.answeredModel ?? null,
          modelDriftedAt: profiles[at]?.modelDriftedAt ?? null,
        }));
        const serving = spaces.find((space) => space.serving);
        // The newest of the target, which is also the choice of the steps that store vectors.
        const current = spaces.find(
          (space) =>
            targetIdOf(space.target) === targetIdOf(target) && space.chunkerVersion === chunkerVersion,
        );
        const statuses = sumByStatus(states);
        const { pending, blocked, failed } = statuses;
        const embedded = statuses.embedded + statuses.partial;
        const modelChanges = serving !== undefined && serving.id !== current?.id;
        const inProgress = key !== undefined && pending > 0 && (modelChanges || change.olderArticleWaits);
        return {
          published: pending + embedded + blocked + failed,
          embedded: serving?.articles ?? 0,
          model: target.model,
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

const noArticles = { articles: 0, chunks: 0 };

function sumByStatus(states: readonly StateCount[]): Record<EmbeddingStatus, number> {
  const sums = { not_applicable: 0, pending: 0, embedded: 0, partial: 0, blocked: 0, failed: 0 };
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
