import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import { modelFields, type Provider } from '../domain/operations.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { keyFields } from './given-keys.ts';
import { removeKey, setKey, verifyKey } from './key-store.ts';
import { type KeyWaiters, wakeAll } from './key-waiters.ts';
import type { PlannedChange } from './plan-change.ts';
import { auditNames } from './provider-keys.ts';
import type { KeyChange } from './sealed-key.ts';
import type { BacklogRequests } from './settings.ts';
import { type OwnSettings, updateSettings } from './settings-store.ts';

/**
 * Stores a planned change, appends to the audit log, and requests the vectors and answers that it makes possible or necessary. Keys of providers
 * that are `verified`, because calls with the change have worked, become so.
 */
export type StoreChange = (
  tx: Transaction,
  actor: Actor,
  before: OwnSettings,
  plan: PlannedChange,
  keys: Readonly<Record<Provider, KeyChange>>,
  verified?: ReadonlySet<Provider>,
) => Promise<void>;

const none: ReadonlySet<Provider> = new Set();

/** The settings that name the models of the Anthropic key. */
const chatModels = modelFields.filter((field) => field !== 'embedding_model' && field !== 'rerank_model');

/** Whether the new budget admits more than the old one; null is no budget. */
function isRaised(before: number | null, after: number | null): boolean {
  return before !== null && (after === null || after > before);
}

/** Creates the storing of changes. It runs in the transaction that has locked the settings. */
export function createStoreChange({
  audit,
  backlog,
  keyWaiters,
}: {
  readonly audit: Audit;
  readonly backlog: BacklogRequests;
  readonly keyWaiters: readonly KeyWaiters[];
}): StoreChange {
  const storeKey = async (tx: Transaction, tenantId: string, provider: Provider, key: KeyChange) => {
    if (key === undefined) return 'unchanged';
    if (key === null) return (await removeKey(tx, tenantId, provider)) ? 'removed' : 'unchanged';
    await setKey(tx, tenantId, provider, key);
    return 'set';
  };

  return async (
    tx,
    actor,
    before,
    { after, fields, vendor, vectorsChanged, addressChanged },
    keys,
    verified = none,
  ) => {
    const { tenantId } = actor;
    const raised = isRaised(before.monthly_token_budget, after.monthly_token_budget);
    const isWorthAsking =
      (keys.anthropic !== undefined && keys.anthropic !== null) ||
      verified.has('anthropic') ||
      fields.some((field) => chatModels.some((name) => name === field)) ||
      raised;
    // Before the rows of the keys: a call that ends writes its answer first, and the status of its key afterwards.
    if (isWorthAsking) await wakeAll(keyWaiters, tx, tenantId);
    if (fields.length > 0) await updateSettings(tx, tenantId, after);
    const anthropic = await storeKey(tx, tenantId, 'anthropic', keys.anthropic);
    const embedding = await storeKey(tx, tenantId, 'embedding', keys.embedding);
    for (const provider of verified) await verifyKey(tx, tenantId, provider);

    const changedKeys = (
      [
        { provider: 'anthropic', change: anthropic },
        { provider: 'embedding', change: embedding },
      ] as const
    ).flatMap(({ provider, change }) => (change === 'unchanged' ? [] : [{ provider, change }]));
    const subject = { kind: 'llm_config', id: tenantId };
    if (fields.length + changedKeys.length > 0) {
      await audit.append(tx, actor, {
        action: 'llm_config.updated',
        subject,
        details: {
          fields: [...fields, ...changedKeys.map(({ provider }) => keyFields[provider])],
          // The vendor's name alone: the address is the tenant's own.
          ...(fields.includes('embedding_provider') ? { embedding_provider: vendor.name } : {}),
        },
      });
    }
    for (const { provider, change } of changedKeys) {
      await audit.append(tx, actor, {
        action: `llm_config.${auditNames[provider]}_${change}`,
        subject,
        details: { provider },
      });
    }

    const isWorthEmbedding =
      vectorsChanged || addressChanged || embedding === 'set' || verified.has('embedding') || raised;
    if (isWorthEmbedding) await backlog.request(tx, tenantId);
  };
}
