import type { KeyWaiters } from '../llm-config/key-waiters.ts';
import type { Outbox } from '../outbox/outbox.ts';
import { sumInTurn } from '../platform/async/sum-in-turn.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { listStuckTenants, queueStuck, queueWaiting } from './run-store.ts';

/** The reviews whose runs wait for something, or were lost. */
export interface WaitingReviews extends KeyWaiters {
  /** Requests, for some tenants, the runs of reviews that nothing works on; returns how many. */
  requeueStuck(): Promise<number>;
}

export interface WaitingReviewsDeps {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly log: Pick<Logger, 'warn'>;
}

/** Signals in the transaction of a change of settings: some tenths of a second. The reconciler requests the others. */
const maxWoken = 200;
/** A run writes on its review, or announces its next attempt, more often than this. */
const idleMs = 15 * 60_000;
/** Tenants that one run of the reconciler serves, and reviews of each. The next run comes after 15 s. */
const maxTenants = 50;
const maxStuck = 10;

/** Creates the wake of reviews: by a key that comes, and by the reconciler. */
export function createWaitingReviews(deps: WaitingReviewsDeps): WaitingReviews {
  const { database, outbox, log } = deps;

  const request = async (tx: Transaction, tenantId: string, reviewIds: readonly string[]) => {
    for (const subjectId of reviewIds) await outbox.enqueue(tx, { tenantId, kind: 'review', subjectId });
    return reviewIds.length;
  };

  return {
    async wake(tx, tenantId) {
      await request(tx, tenantId, await queueWaiting(tx, tenantId, maxWoken));
    },

    async requeueStuck() {
      const tenants = await database.withScope('reconcile', (tx) => listStuckTenants(tx, idleMs, maxTenants));
      return sumInTurn(
        tenants,
        (tenantId) =>
          database.withTenant(tenantId, async (tx) =>
            request(tx, tenantId, await queueStuck(tx, tenantId, idleMs, maxStuck)),
          ),
        (tenantId, error) =>
          log.warn({ error, tenant_id: tenantId }, 'reviews that nothing works on are left to a later run'),
      );
    },
  };
}
