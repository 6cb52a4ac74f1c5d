import { type ProviderTarget, targetIdOf } from '../../domain/provider-target.ts';
import type { ProfileView } from '../../llm-config/profile-view.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { Catalogue } from '../catalogue/create-catalogue.ts';
import { type EmbeddingProfile, type RequestLimits, startingProfile } from './profile.ts';
import { presentProfile } from './profile-presentation.ts';
import { findProfile, listProfiles, type StoredProfile, saveLimits } from './profile-store.ts';

/** The profiles of the tenants' targets. */
export interface EmbeddingProfiles {
  /** Reads how a target is used: what the catalogue says, corrected by what the tenant's calls have found out. */
  profileOf(tx: Transaction, tenantId: string, target: ProviderTarget): Promise<EmbeddingProfile>;
  /** The same as clients see it. */
  view(tx: Transaction, tenantId: string, target: ProviderTarget): Promise<ProfileView>;
  /** Reads the profiles of several targets, in their order. */
  profilesOf(
    tx: Transaction,
    tenantId: string,
    targets: readonly ProviderTarget[],
  ): Promise<readonly EmbeddingProfile[]>;
  /**
   * Remembers the size of a request that passed after a larger one was refused. Later requests of the target stay within it for
   * a week, or until a verification finds the profile anew.
   */
  rememberLimit(
    tx: Transaction,
    tenantId: string,
    targetId: string,
    limit: Partial<Pick<RequestLimits, 'maxInputs' | 'maxRequestTokens'>>,
  ): Promise<void>;
}

/** Creates the profiles. */
export function createProfiles(deps: { readonly catalogue: Pick<Catalogue, 'find'> }): EmbeddingProfiles {
  const corrected = (target: ProviderTarget, stored: StoredProfile | undefined): EmbeddingProfile => {
    const start = startingProfile(target, deps.catalogue.find(target.vendor));
    if (stored === undefined) return start;
    const { found, ...rest } = stored;
    return { ...start, ...found, ...rest };
  };

  const profileOf: EmbeddingProfiles['profileOf'] = async (tx, tenantId, target) =>
    corrected(target, await findProfile(tx, tenantId, targetIdOf(target)));

  return {
    profileOf,
    view: async (tx, tenantId, target) => presentProfile(await profileOf(tx, tenantId, target), target),

    async profilesOf(tx, tenantId, targets) {
      const stored = await listProfiles(tx, tenantId);
      return targets.map((target) => corrected(target, stored.get(targetIdOf(target))));
    },

    rememberLimit: saveLimits,
  };
}
