import type { KeyWaiters } from '../../llm-config/key-waiters.ts';
import type { Outbox } from '../../outbox/outbox.ts';
import { sumInTurn } from '../../platform/async/sum-in-turn.ts';
import type { Database, Transaction } from '../../platform/postgres/database.ts';
import type { Logger } from '../../platform/telemetry/logging.ts';
import { idleMs } from './classifications.ts';
import { beginRound, listDueTenants, takeDue } from './waiting-store.ts';

/** The classifications that wait for a key, for a workflow, or for a budget to begin anew. */
export interface WaitingClassifications extends KeyWaiters {
  /** Starts, for some tenants, what is due and has no workflow; returns how many. */
  requeueStuck(): Promise<number>;
}

/** Tenants that one run serves, in some seconds: the next run comes after 15 s. */
const maxTenants = 50;
/** Articles of one tenant under way after a wake. Each takes seconds, so a thousand articles take some minutes. */
const maxUnderWay = 50;

/**
 * Creates the waking of what waits. A wake starts the first fifty at once, and the reconciler the others, so that the change of a
 * key stays one short transaction. Alternative that lost: an outbox row for each, which would hold up every other signal.
 */
export function createWaitingClassifications(deps: {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly log: Pick<Logger, 'warn'>;
}): WaitingClassifications {
  const { database, outbox, log } = deps;

  const start = async (tx: Transaction, tenantId: string) => {
    const articleIds = await takeDue(tx, tenantId, { idleMs, maxUnderWay });
    for (const subjectId of articleIds)
      await outbox.enqueue(tx, { tenantId, kind: 'classification', subjectId });
    return articleIds.length;
  };

  return {
    async wake(tx, tenantId) {
      await beginRound(tx, tenantId);
      await start(tx, tenantId);
    },

    async requeueStuck() {
      const tenants = await database.withScope('reconcile', (tx) => listDueTenants(tx, maxTenants));
      return sumInTurn(
        tenants,
        (tenantId) => database.withTenant(tenantId, (tx) => start(tx, tenantId)),
        (tenantId, error) =>
          log.warn({ error, tenant_id: tenantId }, 'classifications that are due are left to a later run'),
      );
    },
  };
}
