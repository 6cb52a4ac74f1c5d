import { LRUCache } from 'lru-cache';
import { type ProviderTarget, targetIdOf } from '../../domain/provider-target.ts';
import type { Database, Transaction } from '../../platform/postgres/database.ts';
import type { Logger } from '../../platform/telemetry/logging.ts';
import type { ProviderMetrics } from '../metrics.ts';
import type { EmbeddingProfile, FoundTraits, SeenTraits } from './profile.ts';
import { saveAnsweredModel, saveFound } from './profile-store.ts';
import type { EmbeddingProfiles } from './profiles.ts';

/** A call that worked: with which profile it was made, and what was known before. */
export interface WorkedCall {
  readonly tenantId: string;
  readonly target: ProviderTarget;
  readonly known: EmbeddingProfile;
  readonly used: EmbeddingProfile;
  readonly seen: SeenTraits;
  /** Whether all that was found before is forgotten. */
  readonly anew: boolean;
}

/** The profiles that this process uses, read once in some minutes. */
export interface ProfileCache {
  read(tenantId: string, target: ProviderTarget): Promise<EmbeddingProfile>;
  /** Stores what a call has found out, if that is something new, in the transaction that ends the call. */
  record(tx: Transaction, call: WorkedCall): Promise<void>;
  /** Remembers that the dimensions which the tenant asks for cannot be had, so that no further call is paid to find it out again. */
  recordOtherDimensions(tenantId: string, target: ProviderTarget, used: EmbeddingProfile): Promise<void>;
}

/** A profile that another process has changed is read again after this. Until then a call may be refused once more. */
const cachedMs = 5 * 60_000;
const maxProfiles = 5_000;
/** A provider whose answers name two models by turns is reported this seldom. */
const driftPauseMs = 3_600_000;

/** Creates the cache of profiles. */
export function createProfileCache(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly profiles: Pick<EmbeddingProfiles, 'profileOf'>;
  readonly metrics: Pick<ProviderMetrics, 'modelDrifted'>;
  readonly log: Pick<Logger, 'warn'>;
}): ProfileCache {
  const cached = new LRUCache<string, EmbeddingProfile>({ max: maxProfiles, ttl: cachedMs });

  return {
    async read(tenantId, target) {
      const name = nameOf(tenantId, target);
      const known = cached.get(name);
      if (known !== undefined) return known;
      const profile = await deps.database.withTenant(tenantId, (tx) =>
        deps.profiles.profileOf(tx, tenantId, target),
      );
      cached.set(name, profile);
      return profile;
    },

    async recordOtherDimensions(tenantId, target, used) {
      const traits = { ...traitsOf(used), makesOtherDimensions: true };
      await deps.database.withTenant(tenantId, (tx) =>
        saveFound(tx, tenantId, targetIdOf(target), { traits, anew: false }),
      );
      cached.delete(nameOf(tenantId, target));
    },

    async record(tx, { tenantId, target, known, used, seen, anew }) {
      const targetId = targetIdOf(target);
      const traits = traitsAfter(used, seen);
      const changed = known.foundAt === null || JSON.stringify(traits) !== JSON.stringify(traitsOf(known));
      if (changed || anew) await saveFound(tx, tenantId, targetId, { traits, anew });

      const { answeredModel } = seen;
      const isOther = answeredModel !== null && answeredModel !== known.answeredModel;
      const toldLatelyMs = Date.now() - (known.modelDriftedAt?.getTime() ?? 0);
      const renamed = isOther && toldLatelyMs > driftPauseMs;
      const drifted = renamed && (await saveAnsweredModel(tx, tenantId, targetId, answeredModel));
      if (!changed && !anew && !renamed) return;
      tx.afterCommit(() => {
        cached.delete(nameOf(tenantId, target));
        if (!drifted) return;
        deps.metrics.modelDrifted();
        deps.log.warn(
          { tenant_id: tenantId, provider: 'embedding' },
          'a provider answers with another model under the same name, so new vectors may not fit the old ones',
        );
      });
    },
  };
}

/** The profile after a call that has found it anew. */
export const profileAfter = ({ used, seen }: Pick<WorkedCall, 'used' | 'seen'>): EmbeddingProfile => ({
  ...used,
  ...traitsAfter(used, seen),
  answeredModel: seen.answeredModel,
  foundAt: new Date(),
});

const nameOf = (tenantId: string, target: ProviderTarget) => `${tenantId} ${targetIdOf(target)}`;

const traitsOf = (profile: EmbeddingProfile): FoundTraits => ({
  encoding: profile.encoding,
  dimensionsParameter: profile.dimensionsParameter,
  leftOut: profile.leftOut,
  vectors: profile.vectors,
  usage: profile.usage,
  index: profile.index,
  makesOtherDimensions: profile.makesOtherDimensions,
});

const traitsAfter = (used: EmbeddingProfile, seen: SeenTraits): FoundTraits => ({
  ...traitsOf(used),
  vectors: seen.vectors,
  // A single answer without a usage says nothing about the others.
  usage: seen.usage === 'none' && used.usage !== null ? used.usage : seen.usage,
  index: seen.index,
  makesOtherDimensions: false,
});
