import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import type { ProviderTarget } from '../domain/provider-target.ts';
import type { AddressCheck } from '../platform/net/address-check.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Catalogue } from '../providers/catalogue/create-catalogue.ts';
import type { KeyCustody } from './custody.ts';
import { type KeysPatch, readGivenKeys } from './given-keys.ts';
import { listKeyFacts } from './key-store.ts';
import type { KeyWaiters } from './key-waiters.ts';
import type { Notice } from './plan-change.ts';
import { type ChangeRefusal, createChangePreparation } from './prepare-change.ts';
import type { ProfileView } from './profile-view.ts';
import type { OwnSettingsPatch } from './settings-change.ts';
import { readSettings } from './settings-store.ts';
import { presentSettings, type SettingsView } from './settings-view.ts';
import { createStoreChange } from './store-change.ts';
import type { Targets } from './targets.ts';
import type { TriedCalls, TryCandidates } from './trial.ts';
import { createTryChange, type RefusedCall } from './try-change.ts';

/**
 * A client's change of settings and keys: an absent field keeps its value, null restores the default or removes the
 * key.
 */
export interface SettingsPatch extends OwnSettingsPatch, KeysPatch {}

/** The result of a change. */
export type SettingsUpdate =
  | { readonly kind: 'updated'; readonly view: SettingsView; readonly notices: readonly Notice[] }
  | ChangeRefusal
  /** A call with the change did not work. Nothing was stored. */
  | RefusedCall
  /** Other changes kept coming between. Nothing was stored. */
  | { readonly kind: 'busy' };

/** The result of a dry run. */
export type SettingsTrial =
  | { readonly kind: 'tried'; readonly calls: TriedCalls; readonly notices: readonly Notice[] }
  | ChangeRefusal;

/** The tenants' provider settings and keys. */
export interface Settings {
  /** Reads the tenant's settings. No key is opened. */
  view(tenantId: string): Promise<SettingsView>;
  /**
   * Changes the settings and appends to the audit log, both or neither. Fails with `vault_unavailable`; then nothing is
   * stored. With `verify` the change is stored only if one real call works with each provider that it concerns.
   */
  update(
    actor: Actor,
    patch: SettingsPatch,
    options?: { readonly verify?: boolean },
  ): Promise<SettingsUpdate>;
  /** Makes the calls that `update` with `verify` would make, and stores nothing but their records. */
  dryRun(actor: Actor, patch: SettingsPatch): Promise<SettingsTrial>;
}

/** Reads how an embedding target is used: the room of the providers, which is above, knows it. */
export type ProfileViews = (
  tx: Transaction,
  tenantId: string,
  target: ProviderTarget,
) => Promise<ProfileView>;

/** What this room needs of the embedding room, which is above it. */
export interface BacklogRequests {
  /** Requests, in the transaction of the change, the embedding of articles that lack vectors for the new settings. */
  request(tx: Transaction, tenantId: string): Promise<void>;
}

export interface SettingsDeps {
  readonly database: Database;
  readonly audit: Audit;
  readonly custody: KeyCustody;
  readonly catalogue: Catalogue;
  readonly targets: Targets;
  readonly profileView: ProfileViews;
  readonly tryCandidates: TryCandidates;
  readonly addressCheck: AddressCheck;
  /** Called when vectors can be made, or made again: a key was set, the model was changed, the budget was raised. */
  readonly backlog: BacklogRequests;
  /** Woken when a chat model can be asked, or asked again: a key was set, a model was changed, the budget was raised. */
  readonly keyWaiters: readonly KeyWaiters[];
}

/** How often a change is prepared anew because another one came between. */
const maxTries = 5;

/** Creates the service of the tenants' provider settings and keys. */
export function createSettings(deps: SettingsDeps): Settings {
  const { database, targets } = deps;
  const storeChange = createStoreChange(deps);
  const preparation = createChangePreparation(deps);
  const tryChange = createTryChange(deps);

  const read = async (tx: Transaction, tenantId: string): Promise<SettingsView> => {
    const settings = await readSettings(tx, tenantId);
    const profile = await deps.profileView(tx, tenantId, targets.embedding(settings));
    return presentSettings(settings, await listKeyFacts(tx, tenantId), targets, profile);
  };
  const view = (tenantId: string) => database.withTenant(tenantId, (tx) => read(tx, tenantId));

  return {
    view,

    async update(actor, patch, { verify = false } = {}) {
      const { tenantId } = actor;
      if (isEmpty(patch)) return { kind: 'updated', view: await view(tenantId), notices: [] };
      const given = readGivenKeys(patch);
      if (given.kind === 'invalid') return given;
      const change = { patch, keys: given.keys };

      for (let tries = 0; tries < maxTries; tries += 1) {
        const prepared = await preparation.prepare(tenantId, change);
        if (prepared.kind !== 'prepared') return prepared;
        const tried = verify ? await tryChange(actor, patch, prepared) : undefined;
        if (tried?.refused !== undefined) return tried.refused;

        const outcome = await database.withTenant(
          tenantId,
          async (tx): Promise<SettingsUpdate | 'moved' | 'changed'> => {
            const locked = await preparation.lock(tx, tenantId);
            const planned = preparation.plan(locked, change);
            if (planned.kind !== 'planned') return planned;
            const { plan } = planned;
            // Another change came between: a key must not be stored that is sealed for an address which is no longer meant,
            // nor settings other than those that were tried.
            if (plan.target.baseUrl !== prepared.plan.target.baseUrl) return 'moved';
            if (tried !== undefined && !tried.isOf(plan, locked)) return 'changed';
            await storeChange(tx, actor, locked.settings, plan, prepared.keys, tried?.verified);
            await tried?.remember(tx);
            const notices = [...given.notices, ...plan.notices];
            return { kind: 'updated', view: await read(tx, tenantId), notices };
          },
        );
        if (outcome !== 'moved' && outcome !== 'changed') return outcome;
        // The key was meant for the address that its client knew, and must not follow another change to a new one.
        if (outcome === 'moved' && typeof given.keys.embedding === 'string') return { kind: 'busy' };
      }
      return { kind: 'busy' };
    },

    async dryRun(actor, patch) {
      const given = readGivenKeys(patch);
      if (given.kind === 'invalid') return given;
      const prepared = await preparation.prepare(actor.tenantId, { patch, keys: given.keys });
      if (prepared.kind !== 'prepared') return prepared;
      const { calls } = await tryChange(actor, patch, prepared);
      return { kind: 'tried', calls, notices: [...given.notices, ...prepared.plan.notices] };
    },
  };
}

const isEmpty = (patch: SettingsPatch) => Object.values(patch).every((value) => value === undefined);
