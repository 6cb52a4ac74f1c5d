import type { Audit } from '../audit/service.ts';
import { serviceActor } from '../domain/actor.ts';
import type { KeyRejection } from '../domain/failures.ts';
import { type CallOperation, operations, type Provider } from '../domain/operations.ts';
import type { ProviderTarget } from '../domain/provider-target.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { Decrypted } from '../platform/vault/transit.ts';
import type { KeyCustody } from './custody.ts';
import { changeKeyStatus, findStoredKey, type StoredKey } from './key-store.ts';
import { effectiveAnthropicModels, type Models } from './models.ts';
import { readSettings } from './settings-store.ts';
import type { Targets } from './targets.ts';

/** The sealed key that a call would use now, and the model that it would call. */
export interface CurrentKey extends StoredKey {
  /** Where the key may go, and the model of the operation: the tenant's own or the default. */
  readonly target: ProviderTarget;
  /** Whether this installation lets calls go there. */
  readonly addressAllowed: boolean;
  readonly monthlyTokenBudget: number | null;
}

/** An opened key, or why there is none. */
export type OpenedKey = Decrypted | { readonly kind: 'failed'; readonly code: 'address_forbidden' };

/** What a guarded call needs to know of the tenant's keys. */
export interface ProviderKeys {
  /**
   * Finds the tenant's current key for an operation, by one indexed read and without opening it; undefined when there
   * is none, or its vendor does not have the operation.
   */
  current(tx: Transaction, tenantId: string, operation: CallOperation): Promise<CurrentKey | undefined>;
  /** Finds the tenant's key for a provider, without a model; undefined when there is none. */
  find(tx: Transaction, tenantId: string, provider: Provider): Promise<StoredKey | undefined>;
  /** Reads the tenant's model for each use, whether or not it has a key. */
  models(tx: Transaction, tenantId: string): Promise<Models>;
  /** Finds out what the tenant's embedding calls ask, whether or not it has a key. */
  embeddingTarget(tx: Transaction, tenantId: string): Promise<ProviderTarget>;
  /** Finds out what the tenant's vendor is asked for reranking, whether or not there is a key; undefined where it has no reranking. */
  rerankTarget(tx: Transaction, tenantId: string): Promise<ProviderTarget | undefined>;
  /**
   * Opens a key that `current` returned, for calls to this origin. Fails with `vault_unavailable`; with `key_unusable` for a key
   * that was set for another origin; and with `address_forbidden` where this installation lets no calls go.
   */
  openKey(
    tenantId: string,
    provider: Provider,
    stored: Pick<CurrentKey, 'ciphertext' | 'addressAllowed'>,
    origin: string,
  ): Promise<OpenedKey>;
  /**
   * Marks the key of this version as rejected by the provider, with the code of the refusal; true when that changed its status. A
   * newer or a removed key does not change.
   */
  markRejected(
    tx: Transaction,
    tenantId: string,
    provider: Provider,
    version: number,
    rejection: KeyRejection,
  ): Promise<boolean>;
  /**
   * Marks the key of this version as verified; true when that changed its status. A rejected key stays rejected,
   * because a late success proves nothing. With `evenIfRejected`, for a call made to test the key, it becomes verified.
   */
  markVerified(
    tx: Transaction,
    tenantId: string,
    provider: Provider,
    version: number,
    options?: { readonly evenIfRejected?: boolean },
  ): Promise<boolean>;
}

/** The name of a tenant's key in audit actions: `llm_config.<name>_set`. */
export const auditNames: Readonly<Record<Provider, 'embedding_key' | 'key'>> = {
  embedding: 'embedding_key',
  anthropic: 'key',
};

/** Creates the tenants' provider keys as the guard sees them. */
export function createProviderKeys(deps: {
  readonly custody: KeyCustody;
  readonly audit: Audit;
  readonly targets: Targets;
}): ProviderKeys {
  const { custody, audit, targets } = deps;

  return {
    async current(tx, tenantId, operation) {
      const { provider, modelField } = operations[operation];
      const found = await findStoredKey(tx, tenantId, provider);
      if (found === undefined) return undefined;
      const { key, settings } = found;
      const { monthly_token_budget: monthlyTokenBudget } = settings;
      if (modelField === 'embedding_model') {
        const addressAllowed = targets.isAllowed(settings);
        return { ...key, target: targets.embedding(settings), addressAllowed, monthlyTokenBudget };
      }
      if (modelField === 'rerank_model') {
        const target = targets.rerank(settings);
        if (target === undefined) return undefined;
        return { ...key, target, addressAllowed: targets.isAllowed(settings), monthlyTokenBudget };
      }
      const target = targets.anthropic(effectiveAnthropicModels(settings)[modelField]);
      return { ...key, target, addressAllowed: true, monthlyTokenBudget };
    },

    find: async (tx, tenantId, provider) => (await findStoredKey(tx, tenantId, provider))?.key,

    models: async (tx, tenantId) => {
      const settings = await readSettings(tx, tenantId);
      return {
        ...effectiveAnthropicModels(settings),
        embedding_model: targets.embedding(settings).model,
      };
    },

    embeddingTarget: async (tx, tenantId) => targets.embedding(await readSettings(tx, tenantId)),

    rerankTarget: async (tx, tenantId) => targets.rerank(await readSettings(tx, tenantId)),

    openKey: async (tenantId, provider, stored, origin) =>
      stored.addressAllowed
        ? custody.open({ tenantId, provider, origin }, stored.ciphertext)
        : { kind: 'failed', code: 'address_forbidden' },

    async markRejected(tx, tenantId, provider, version, rejection) {
      const changed = await changeKeyStatus(
        tx,
        tenantId,
        { provider, version },
        { from: ['unverified', 'verified'], to: 'rejected', rejection },
      );
      if (changed) {
        await audit.append(tx, serviceActor(tenantId), {
          action: `llm_config.${auditNames[provider]}_rejected`,
          subject: { kind: 'llm_config', id: tenantId },
          details: { provider, key_version: version, code: rejection },
        });
      }
      // A trial of a rejected key says anew why it is rejected.
      else
        await changeKeyStatus(
          tx,
          tenantId,
          { provider, version },
          { from: ['rejected'], to: 'rejected', rejection },
        );
      return changed;
    },

    markVerified: (tx, tenantId, provider, version, options = {}) =>
      changeKeyStatus(
        tx,
        tenantId,
        { provider, version },
        { from: options.evenIfRejected ? ['unverified', 'rejected'] : ['unverified'], to: 'verified' },
      ),
  };
}
