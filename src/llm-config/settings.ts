import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import { originOf, type ProviderTarget } from '../domain/provider-target.ts';
import type { FieldError } from '../platform/http/problem.ts';
import type { AddressCheck } from '../platform/net/address-check.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Catalogue } from '../providers/catalogue/create-catalogue.ts';
import type { KeyCustody } from './custody.ts';
import { type KeysPatch, readGivenKeys, refusedLength } from './given-keys.ts';
import { listKeyFacts } from './key-store.ts';
import { type ChangePlan, type Notice, type PlannedChange, planChange } from './plan-change.ts';
import type { ProfileView } from './profile-view.ts';
import { type KeyChange, sealChange } from './sealed-key.ts';
import type { OwnSettingsPatch } from './settings-change.ts';
import { lockSettings, readSettings } from './settings-store.ts';
import { presentSettings, type SettingsView } from './settings-view.ts';
import { createStoreChange } from './store-change.ts';
import type { Targets } from './targets.ts';

/**
 * A client's change of settings and keys: an absent field keeps its value, null restores the default or removes the
 * key.
 */
export interface SettingsPatch extends OwnSettingsPatch, KeysPatch {}

/** The result of a change. */
export type SettingsUpdate =
  | { readonly kind: 'updated'; readonly view: SettingsView; readonly notices: readonly Notice[] }
  | Exclude<ChangePlan, { kind: 'planned' }>
  | { readonly kind: 'failed'; readonly code: 'vault_unavailable' }
  /** Other changes kept moving the address. Nothing was stored. */
  | { readonly kind: 'busy' };

/** The tenants' provider settings and keys. */
export interface Settings {
  /** Reads the tenant's settings. No key is opened. */
  view(tenantId: string): Promise<SettingsView>;
  /**
   * Changes the settings and appends to the audit log, both or neither. Fails with `vault_unavailable`; then nothing is
   * stored.
   */
  update(actor: Actor, patch: SettingsPatch): Promise<SettingsUpdate>;
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
  /** Checks the hosts of the addresses that tenants choose. */
  readonly addressCheck: AddressCheck;
  /** Called when vectors can be made, or made again: a key was set, the model was changed, the budget was raised. */
  readonly backlog: BacklogRequests;
}

/** How often a change is prepared anew because another one changed the address meanwhile. */
const maxTries = 5;

/** The keys of a change, sealed for the address that the settings have after it. */
interface Prepared {
  /** The address for which the embedding key is sealed, and which was checked. */
  readonly baseUrl: string;
  readonly keys: { readonly anthropic: KeyChange; readonly embedding: KeyChange };
}

/** Creates the service of the tenants' provider settings and keys. */
export function createSettings(deps: SettingsDeps): Settings {
  const { database, custody, targets, addressCheck } = deps;
  const storeChange = createStoreChange(deps);

  const read = async (tx: Transaction, tenantId: string): Promise<SettingsView> => {
    const settings = await readSettings(tx, tenantId);
    const profile = await deps.profileView(tx, tenantId, targets.embedding(settings));
    return presentSettings(settings, await listKeyFacts(tx, tenantId), targets, profile);
  };

  /** Plans the change, and says what only the service knows: whether the keys fit. */
  const plan = (
    before: Parameters<typeof planChange>[1],
    patch: SettingsPatch,
    embeddingKey: string | null | undefined,
  ): ChangePlan => {
    const planned = planChange(deps, before, patch);
    if (planned.kind !== 'planned') return planned;
    const errors = refusedLength('embedding', embeddingKey, planned.plan.vendor.keysOptional);
    return errors.length > 0 ? { kind: 'invalid', errors } : planned;
  };

  /** What takes time, before any row is locked: the look-up of the host, and Vault. */
  const prepare = async (
    tenantId: string,
    { target, after, addressChanged }: PlannedChange,
    keys: { readonly anthropic: string | null | undefined; readonly embedding: string | null | undefined },
  ): Promise<Prepared | Exclude<SettingsUpdate, { kind: 'updated' }>> => {
    const { baseUrl } = target;
    if (addressChanged && targets.mustBePublic(after)) {
      const verdict = await addressCheck.check(new URL(baseUrl).hostname);
      // A name that is not found now may be found later. Its address is checked again at each connection.
      if (verdict === 'forbidden') {
        return { kind: 'forbidden', path: 'embedding_base_url', reason: 'private' };
      }
    }
    const anthropicOrigin = originOf(targets.anthropic('').baseUrl);
    const [anthropic, embedding] = await Promise.all([
      sealChange(custody, { tenantId, provider: 'anthropic', origin: anthropicOrigin }, keys.anthropic),
      sealChange(custody, { tenantId, provider: 'embedding', origin: originOf(baseUrl) }, keys.embedding),
    ]);
    if (anthropic.kind === 'failed') return anthropic;
    if (embedding.kind === 'failed') return embedding;
    return { baseUrl, keys: { anthropic: anthropic.change, embedding: embedding.change } };
  };

  return {
    view: (tenantId) => database.withTenant(tenantId, (tx) => read(tx, tenantId)),

    async update(actor, patch) {
      const { tenantId } = actor;
      if (Object.values(patch).every((value) => value === undefined)) {
        const view = await database.withTenant(tenantId, (tx) => read(tx, tenantId));
        return { kind: 'updated', view, notices: [] };
      }
      const given = readGivenKeys(patch);
      if (given.kind === 'invalid') return given;

      for (let tries = 0; tries < maxTries; tries += 1) {
        const before = await database.withTenant(tenantId, (tx) => readSettings(tx, tenantId));
        const first = plan(before, patch, given.keys.embedding);
        if (first.kind !== 'planned') return first;
        const prepared = await prepare(tenantId, first.plan, given.keys);
        if ('kind' in prepared) return prepared;

        const outcome = await database.withTenant(tenantId, async (tx): Promise<SettingsUpdate | 'moved'> => {
          const locked = await lockSettings(tx, tenantId);
          const planned = plan(locked, patch, given.keys.embedding);
          if (planned.kind !== 'planned') return planned;
          // Another change came between: a key must not be stored that is sealed for an address which is no longer meant.
          if (planned.plan.target.baseUrl !== prepared.baseUrl) return 'moved';
          const facts = await listKeyFacts(tx, tenantId);
          const hasKey = (facts.get('embedding')?.status ?? 'none') !== 'none';
          if (planned.plan.addressChanged && hasKey && given.keys.embedding === undefined)
            return { kind: 'invalid', errors: [keyIsNeededAgain] };
          await storeChange(tx, actor, locked, planned.plan, prepared.keys);
          const notices = [...given.notices, ...planned.plan.notices];
          return { kind: 'updated', view: await read(tx, tenantId), notices };
        });
        if (outcome !== 'moved') return outcome;
      }
      return { kind: 'busy' };
    },
  };
}

const keyIsNeededAgain: FieldError = {
  path: 'embedding_api_key',
  message: 'is needed again, because a key goes only to the address that it was set for; null removes it',
};
