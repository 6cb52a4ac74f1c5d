import type { Audit } from '../../audit/service.ts';
import type { Actor } from '../../domain/actor.ts';
import type { Provider } from '../../domain/operations.ts';
import type { KeyStatus } from '../../llm-config/key-status.ts';
import { type KeyWaiters, wakeAll } from '../../llm-config/key-waiters.ts';
import type { ProviderKeys } from '../../llm-config/provider-keys.ts';
import type { InTransaction } from '../../platform/http/route.ts';
import type { Database, Transaction } from '../../platform/postgres/database.ts';
import type { Usage } from '../../usage/service.ts';
import type { Breaker } from '../breaker/breaker.ts';
import type { BreakerStateName } from '../breaker/breaker-states.ts';
import { type LimitNow, limitOf } from '../limits/limit-now.ts';
import type { Limits } from '../limits/limits.ts';

/** The state of a tenant's calls to one provider. */
export interface ProviderState {
  readonly state: BreakerStateName;
  /** Failures that the breaker counts now, or that opened it. */
  readonly failures: number;
  readonly openUntil: Date | null;
  readonly keyStatus: KeyStatus;
  /** Of the last call that failed with the current key, whether or not the breaker counts it. */
  readonly lastErrorCode: string | null;
  readonly lastErrorAt: Date | null;
  /** What limits the key now; undefined when nothing does. */
  readonly limited: Pick<LimitNow, 'by' | 'until'> | undefined;
}

export type ProviderStatesView = Readonly<Record<Provider, ProviderState>>;

export interface ProviderStates {
  /** Reads the states of the tenant's providers. */
  view(tenantId: string): Promise<ProviderStatesView>;
  /**
   * Closes the tenant's own breaker, ends the pause of its key, appends to the audit log, and wakes what waits for them, in
   * one transaction.
   */
  reset(actor: Actor, provider: Provider, afterWrite?: InTransaction<ProviderState>): Promise<ProviderState>;
}

/** What closing a breaker needs of the embedding room, which is above this one. */
export interface BreakerWaits {
  /** Wakes the articles that wait for the breaker or for the end of a pause, in the transaction of the reset. */
  wakeWaiting(tx: Transaction, tenantId: string): Promise<void>;
}

export interface ProviderStatesDeps {
  readonly database: Database;
  readonly keys: ProviderKeys;
  readonly breaker: Breaker;
  readonly limits: Limits;
  readonly audit: Audit;
  readonly usage: Pick<Usage, 'lastFailure'>;
  readonly backlog: BreakerWaits;
  readonly keyWaiters: readonly KeyWaiters[];
}

/** Creates the tenants' view of their providers, and the reset of a breaker. */
export function createProviderStates(deps: ProviderStatesDeps): ProviderStates {
  const { database, keys, breaker, limits, audit, usage } = deps;

  const stateOf = async (tx: Transaction, tenantId: string, provider: Provider): Promise<ProviderState> => {
    const key = await keys.find(tx, tenantId, provider);
    if (key === undefined) return withoutKey;
    const id = { tenantId, provider, keyVersion: key.version };
    const [{ state, failures, openUntil }, seen] = await Promise.all([
      breaker.state(tx, id),
      limits.read(tx, tenantId, provider),
    ]);
    const last = await usage.lastFailure(tx, tenantId, id);
    return {
      state,
      failures,
      openUntil,
      keyStatus: key.status,
      lastErrorCode: last?.code ?? null,
      lastErrorAt: last?.at ?? null,
      limited: limitOf(seen, key.version),
    };
  };

  return {
    view: (tenantId) =>
      database.withTenant(tenantId, async (tx) => ({
        embedding: await stateOf(tx, tenantId, 'embedding'),
        anthropic: await stateOf(tx, tenantId, 'anthropic'),
      })),

    async reset(actor, provider, afterWrite) {
      const { tenantId } = actor;
      return database.withTenant(tenantId, async (tx) => {
        // Before the breaker's rows: a call that ends locks its article first.
        if (provider === 'embedding') await deps.backlog.wakeWaiting(tx, tenantId);
        else await wakeAll(deps.keyWaiters, tx, tenantId);
        const key = await keys.find(tx, tenantId, provider);
        if (key !== undefined) {
          const id = { tenantId, provider, keyVersion: key.version };
          await breaker.reset(tx, id);
          // Who says "go on" has paid the bill, or knows that the provider is ready.
          await limits.forget(tx, id);
          if (provider === 'embedding') {
            const reranking = { ...id, provider: 'rerank' } as const;
            await breaker.reset(tx, reranking);
            await limits.forget(tx, reranking);
          }
        }
        await audit.append(tx, actor, {
          action: 'provider.breaker_reset',
          subject: { kind: 'provider', id: provider },
        });
        const state = await stateOf(tx, tenantId, provider);
        await afterWrite?.(tx, state);
        return state;
      });
    },
  };
}

/** The state without a key: nothing is called, so nothing can have failed. */
const withoutKey: ProviderState = {
  state: 'closed',
  failures: 0,
  openUntil: null,
  keyStatus: 'none',
  lastErrorCode: null,
  lastErrorAt: null,
  limited: undefined,
};
