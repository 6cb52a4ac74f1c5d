import type { Database, Transaction } from '../platform/postgres/database.ts';
import { deleteEarlierWords } from './store.ts';
import {
  findServing,
  insertVersion,
  listUnfinished,
  lockVersions,
  updateVersions,
} from './versions-store.ts';
import { servingKnownMs } from './word-index.ts';

/**
 * The versions of tenants' words. A new release writes the words of its version beside those that serve, until the worker has
 * written all of them: then they serve, by one short transaction, and the earlier ones are deleted.
 */
export interface WordVersions {
  /** The version whose words serve the tenant's searches: a query is read by its rules. */
  serving(tx: Transaction, tenantId: string): Promise<number>;
  /** Begins with the current version, in the transaction that creates the tenant. */
  begin(tx: Transaction, tenantId: string): Promise<void>;
  /** Tenants with words to complete or to replace, some of them. */
  listUnfinished(): Promise<readonly string[]>;
  /** Begins to replace a tenant's words where a later version serves them. Answers the version to be completed. */
  beginBuilding(tenantId: string): Promise<number | undefined>;
  /**
   * Goes on where no article is without words of the version: lets it serve, and some minutes later, unless there is something new
   * to complete, deletes the earlier words in small batches. `isComplete` is asked in the same transaction.
   */
  settle(tenantId: string, isComplete: (tx: Transaction, version: number) => Promise<boolean>): Promise<void>;
}

/** Tenants that one run serves. */
const maxTenants = 50;
/** A process of an earlier release that has not noticed yet that another version serves, and a transaction of it, are over by then. */
const settleMs = 4 * servingKnownMs;
const deletedAtOnce = 200;

/** Creates the versions of a release whose current one is `current`. */
export function createWordVersions({
  database,
  current,
}: {
  readonly database: Pick<Database, 'withTenant' | 'withScope'>;
  readonly current: number;
}): WordVersions {
  /** Deletes a batch in a transaction of its own; returns whether there may be more. */
  const deleteSome = (tenantId: string) =>
    database.withTenant(tenantId, async (tx) => {
      const state = await lockVersions(tx, tenantId, settleMs);
      if (state === undefined || state.building !== state.serving || !state.isSettled) return false;
      const deleted = await deleteEarlierWords(tx, tenantId, state.serving, deletedAtOnce);
      if (deleted === deletedAtOnce) return true;
      await updateVersions(tx, tenantId, { ...state, building: null });
      return false;
    });

  return {
    serving: findServing,
    begin: (tx, tenantId) => insertVersion(tx, tenantId, current),
    listUnfinished: () => database.withScope('reconcile', (tx) => listUnfinished(tx, current, maxTenants)),

    beginBuilding: (tenantId) =>
      database.withTenant(tenantId, async (tx) => {
        const state = await lockVersions(tx, tenantId, settleMs);
        // A later release builds, or has built.
        if (state === undefined || Math.max(state.serving, state.building ?? 0) > current) return undefined;
        if (state.serving === current || state.building === current) return state.building ?? undefined;
        await updateVersions(tx, tenantId, { serving: state.serving, building: current });
        return current;
      }),

    async settle(tenantId, isComplete) {
      const isPast = await database.withTenant(tenantId, async (tx) => {
        const state = await lockVersions(tx, tenantId, settleMs);
        if (state?.building !== current || !(await isComplete(tx, current))) return false;
        if (state.serving === current) return state.isSettled;
        await updateVersions(tx, tenantId, { serving: current, building: current });
        return false;
      });
      let goesOn = isPast;
      while (goesOn) goesOn = await deleteSome(tenantId);
    },
  };
}
