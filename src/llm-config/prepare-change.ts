import type { Provider } from '../domain/operations.ts';
import { originOf } from '../domain/provider-target.ts';
import type { FieldError } from '../platform/http/problem.ts';
import type { AddressCheck } from '../platform/net/address-check.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Catalogue } from '../providers/catalogue/create-catalogue.ts';
import { refusedStoredAddress } from './choose-provider.ts';
import type { KeyCustody } from './custody.ts';
import { type GivenKeys, refusedLength } from './given-keys.ts';
import { listCiphertexts } from './key-store.ts';
import { misplacedKeys } from './misplaced-keys.ts';
import { type ChangePlan, type PlannedChange, planChange } from './plan-change.ts';
import { type KeyChange, sealChange } from './sealed-key.ts';
import type { OwnSettingsPatch } from './settings-change.ts';
import { lockSettings, type OwnSettings, readSettings } from './settings-store.ts';
import type { Targets } from './targets.ts';

/** What is stored before a change. */
export interface StoredSettings {
  readonly settings: OwnSettings;
  /** The sealed keys. */
  readonly ciphertexts: ReadonlyMap<Provider, string>;
}

/** A client's change, its keys read out of what they were pasted with. */
export interface GivenChange<Patch extends OwnSettingsPatch = OwnSettingsPatch> {
  readonly patch: Patch;
  readonly keys: Extract<GivenKeys, { kind: 'keys' }>['keys'];
}

/** The keys of a change, sealed for the address that the settings have after it. */
export type SealedKeys = Readonly<Record<Provider, KeyChange>>;

/** A change that can be stored, if nothing else changes meanwhile. */
export interface PreparedChange {
  readonly kind: 'prepared';
  readonly stored: StoredSettings;
  readonly plan: PlannedChange;
  readonly keys: SealedKeys;
}

/** Why a change cannot be stored. */
export type ChangeRefusal =
  | Exclude<ChangePlan, { kind: 'planned' }>
  | { readonly kind: 'failed'; readonly code: 'vault_unavailable' };

/** The preparation of changes. */
export interface ChangePreparation {
  /** Decides what a change comes to, and whether its keys fit. */
  plan(stored: StoredSettings, change: GivenChange): ChangePlan;
  /** Plans a change, and does what takes time before any row is locked: the look-up of the host, and Vault. */
  prepare(tenantId: string, change: GivenChange): Promise<PreparedChange | ChangeRefusal>;
  /** Reads what is stored, and locks it until the transaction ends. */
  lock(tx: Transaction, tenantId: string): Promise<StoredSettings>;
}

/** Creates the preparation of changes. */
export function createChangePreparation(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly custody: KeyCustody;
  readonly catalogue: Catalogue;
  readonly targets: Targets;
  /** Checks the hosts of the addresses that tenants choose. */
  readonly addressCheck: AddressCheck;
}): ChangePreparation {
  const { database, custody, targets, addressCheck } = deps;

  const plan: ChangePreparation['plan'] = (stored, { patch, keys }) => {
    const misplaced = misplacedKeys(patch, Object.values(keys));
    if (misplaced.length > 0) return { kind: 'invalid', errors: misplaced };
    const planned = planChange(deps, stored.settings, patch);
    if (planned.kind !== 'planned') return planned;
    const { vendor, after, addressChanged } = planned.plan;
    const errors = [
      ...refusedLength('embedding', keys.embedding, vendor.keysOptional),
      ...(typeof keys.embedding === 'string' ? refusedStoredAddress(vendor, after.embedding_base_url) : []),
    ];
    if (errors.length > 0) return { kind: 'invalid', errors };
    const mustFollow = addressChanged && keys.embedding === undefined && stored.ciphertexts.has('embedding');
    return mustFollow ? { kind: 'invalid', errors: [keyIsNeededAgain] } : planned;
  };

  const seal = async (tenantId: string, { target }: PlannedChange, { keys }: GivenChange) => {
    const anthropicOrigin = originOf(targets.anthropic('').baseUrl);
    return Promise.all([
      sealChange(custody, { tenantId, provider: 'anthropic', origin: anthropicOrigin }, keys.anthropic),
      sealChange(
        custody,
        { tenantId, provider: 'embedding', origin: originOf(target.baseUrl) },
        keys.embedding,
      ),
    ]);
  };

  return {
    plan,

    async prepare(tenantId, change) {
      const stored = await database.withTenant(tenantId, async (tx) => ({
        settings: await readSettings(tx, tenantId),
        ciphertexts: await listCiphertexts(tx, tenantId),
      }));
      const planned = plan(stored, change);
      if (planned.kind !== 'planned') return planned;
      const { after, addressChanged, target } = planned.plan;
      if (addressChanged && targets.mustBePublic(after)) {
        const verdict = await addressCheck.check(new URL(target.baseUrl).hostname);
        // A name that is not found now may be found later. Its address is checked again at each connection.
        if (verdict === 'forbidden')
          return { kind: 'forbidden', path: 'embedding_base_url', reason: 'private' };
      }
      const [anthropic, embedding] = await seal(tenantId, planned.plan, change);
      if (anthropic.kind === 'failed') return anthropic;
      if (embedding.kind === 'failed') return embedding;
      const keys = { anthropic: anthropic.change, embedding: embedding.change };
      return { kind: 'prepared', stored, plan: planned.plan, keys };
    },

    lock: async (tx, tenantId) => ({
      settings: await lockSettings(tx, tenantId),
      ciphertexts: await listCiphertexts(tx, tenantId),
    }),
  };
}

const keyIsNeededAgain: FieldError = {
  path: 'embedding_api_key',
  message: 'is needed again, because a key goes only to the address that it was set for; null removes it',
};
