import { type ProviderTarget, targetIdOf } from '../../domain/provider-target.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import { findVendor } from '../catalogue/vendors.ts';
import { type EmbeddingProfile, type RequestLimits, startingProfile } from './profile.ts';
import { findProfile, listProfiles, type StoredProfile, saveLimits } from './profile-store.ts';

/** Reads how a target is used: what the catalogue says, corrected by what the tenant's calls have found out. */
export async function profileOf(
  tx: Transaction,
  tenantId: string,
  target: ProviderTarget,
): Promise<EmbeddingProfile> {
  return corrected(target, await findProfile(tx, tenantId, targetIdOf(target)));
}

/** Reads the profiles of several targets of a tenant, in their order. */
export async function profilesOf(
  tx: Transaction,
  tenantId: string,
  targets: readonly ProviderTarget[],
): Promise<readonly EmbeddingProfile[]> {
  const stored = await listProfiles(tx, tenantId);
  return targets.map((target) => corrected(target, stored.get(targetIdOf(target))));
}

/** Remembers the size of a request that passed after a larger one was refused. Later requests of the target stay within it. */
export async function rememberLimit(
  tx: Transaction,
  tenantId: string,
  targetId: string,
  limit: Partial<Pick<RequestLimits, 'maxInputs' | 'maxRequestTokens'>>,
): Promise<void> {
  await saveLimits(tx, tenantId, targetId, limit);
}

function corrected(target: ProviderTarget, stored: StoredProfile | undefined): EmbeddingProfile {
  const start = startingProfile(target, findVendor(target.vendor));
  if (stored === undefined) return start;
  const { found, ...rest } = stored;
  return { ...start, ...found, ...rest };
}
