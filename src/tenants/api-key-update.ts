import type { Actor } from '../domain/actor.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { AuditTrail } from './audit-trail.ts';
import { type ApiKey, type ApiKeyChange, updateApiKey } from './store.ts';

export type ApiKeyUpdate =
  | { readonly kind: 'updated'; readonly apiKey: ApiKey }
  | { readonly kind: 'no_such_key' };

/** Changes the label or the daily budget of a key of the actor's tenant. Its role never changes: a new key has another. */
export type UpdateApiKey = (actor: Actor, keyId: string, change: ApiKeyChange) => Promise<ApiKeyUpdate>;

export type OnBudgetChanged = (tx: Transaction, tenantId: string, keyId: string) => Promise<void>;

/** Creates the change of API keys. The key and its audit row are written together. */
export function createApiKeyUpdate(deps: {
  readonly database: Database;
  readonly audit: AuditTrail;
  /** Admits what the old budget of a key refuses, in the transaction that changes it. */
  readonly onBudgetChanged?: OnBudgetChanged;
  /** Has the next log-in of this process read the key. */
  readonly keyChanged: (keyId: string) => void;
}): UpdateApiKey {
  return ({ tenantId, ...actor }, keyId, change) =>
    deps.database.withTenant(tenantId, async (tx): Promise<ApiKeyUpdate> => {
      const apiKey = await updateApiKey(tx, tenantId, keyId, change);
      if (apiKey === undefined) return { kind: 'no_such_key' };
      tx.afterCommit(() => deps.keyChanged(keyId));
      const { label, dailyTokenBudget } = change;
      if (dailyTokenBudget !== undefined) await deps.onBudgetChanged?.(tx, tenantId, keyId);
      await deps.audit.append(
        tx,
        { tenantId, ...actor },
        {
          action: 'api_key.updated',
          subject: { kind: 'api_key', id: keyId },
          details: {
            ...(label === undefined ? {} : { label }),
            ...(dailyTokenBudget === undefined ? {} : { daily_token_budget: dailyTokenBudget }),
          },
        },
      );
      return { kind: 'updated', apiKey };
    });
}
