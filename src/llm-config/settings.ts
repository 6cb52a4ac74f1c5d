import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import type { Provider } from '../domain/operations.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { KeyCustody } from './custody.ts';
import { listKeyFacts, removeKey, setKey } from './key-store.ts';
import { effectiveModels, type Models } from './models.ts';
import { auditNames } from './provider-keys.ts';
import { type KeyChange, sealChange } from './sealed-key.ts';
import { changeSettings, type OwnSettingsPatch } from './settings-change.ts';
import { lockSettings, readSettings, updateSettings } from './settings-store.ts';
import { presentSettings, type SettingsView } from './settings-view.ts';

/**
 * A client's change of settings and keys: an absent field keeps its value, null restores the default or removes the
 * key.
 */
export interface SettingsPatch extends OwnSettingsPatch {
  /** Anthropic's key. */
  readonly api_key?: string | null | undefined;
  readonly embedding_api_key?: string | null | undefined;
}

/** The result of a change. */
export type SettingsUpdate =
  | { readonly kind: 'updated'; readonly view: SettingsView }
  | { readonly kind: 'failed'; readonly code: 'vault_unavailable' };

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

/** What this room needs of the embedding room, which is above it. */
export interface BacklogRequests {
  /** Requests, in the transaction of the change, the embedding of articles that lack vectors for the new settings. */
  request(tx: Transaction, tenantId: string): Promise<void>;
}

export interface SettingsDeps {
  readonly database: Database;
  readonly audit: Audit;
  readonly custody: KeyCustody;
  readonly defaultModels: Models;
  /** Called when vectors can be made, or made again: a key was set, the model was changed, the budget was raised. */
  readonly backlog: BacklogRequests;
}

/** Whether the new budget admits more than the old one; null is no budget. */
function isRaised(before: number | null, after: number | null): boolean {
  return before !== null && (after === null || after > before);
}

/** The request field of each key. */
const keyFields: Readonly<Record<Provider, 'api_key' | 'embedding_api_key'>> = {
  anthropic: 'api_key',
  embedding: 'embedding_api_key',
};

/** Creates the service of the tenants' provider settings and keys. */
export function createSettings(deps: SettingsDeps): Settings {
  const { database, audit, custody, defaultModels } = deps;

  const read = async (tx: Transaction, tenantId: string): Promise<SettingsView> => {
    const settings = await readSettings(tx, tenantId);
    const facts = await listKeyFacts(tx, tenantId);
    return presentSettings(
      settings,
      { anthropic: facts.get('anthropic'), embedding: facts.get('embedding') },
      defaultModels,
    );
  };

  const storeKey = async (
    tx: Transaction,
    tenantId: string,
    provider: Provider,
    key: KeyChange,
  ): Promise<'set' | 'removed' | 'unchanged'> => {
    if (key === undefined) return 'unchanged';
    if (key === null) return (await removeKey(tx, tenantId, provider)) ? 'removed' : 'unchanged';
    await setKey(tx, tenantId, provider, key);
    return 'set';
  };

  return {
    view: (tenantId) => database.withTenant(tenantId, (tx) => read(tx, tenantId)),

    async update(actor, patch) {
      const { tenantId } = actor;
      if (Object.values(patch).every((value) => value === undefined)) {
        return { kind: 'updated', view: await database.withTenant(tenantId, (tx) => read(tx, tenantId)) };
      }
      // Sealed before the transaction, so that no row is locked while Vault is slow.
      const [anthropic, embedding] = await Promise.all([
        sealChange(custody, tenantId, 'anthropic', patch.api_key),
        sealChange(custody, tenantId, 'embedding', patch.embedding_api_key),
      ]);
      if (anthropic.kind === 'failed') return anthropic;
      if (embedding.kind === 'failed') return embedding;

      const view = await database.withTenant(tenantId, async (tx) => {
        const before = await lockSettings(tx, tenantId);
        const { after, fields } = changeSettings(before, patch);
        if (fields.length > 0) await updateSettings(tx, tenantId, after);
        const keys = [
          { provider: 'anthropic', change: await storeKey(tx, tenantId, 'anthropic', anthropic.change) },
          { provider: 'embedding', change: await storeKey(tx, tenantId, 'embedding', embedding.change) },
        ] as const;

        const changedKeys = keys.flatMap(({ provider, change }) =>
          change === 'unchanged' ? [] : [{ provider, change }],
        );
        const subject = { kind: 'llm_config', id: tenantId };
        if (fields.length + changedKeys.length > 0) {
          await audit.append(tx, actor, {
            action: 'llm_config.updated',
            subject,
            details: { fields: [...fields, ...changedKeys.map(({ provider }) => keyFields[provider])] },
          });
        }
        for (const { provider, change } of changedKeys) {
          await audit.append(tx, actor, {
            action: `llm_config.${auditNames[provider]}_${change}`,
            subject,
            details: { provider },
          });
        }

        const modelBefore = effectiveModels(before, defaultModels).embedding_model;
        const modelAfter = effectiveModels(after, defaultModels).embedding_model;
        const embeddingChanged =
          modelBefore !== modelAfter ||
          keys[1].change === 'set' ||
          isRaised(before.monthly_token_budget, after.monthly_token_budget);
        if (embeddingChanged) await deps.backlog.request(tx, tenantId);
        return read(tx, tenantId);
      });
      return { kind: 'updated', view };
    },
  };
}
