import type { Database } from '../platform/postgres.ts';
import type { Outbox } from './outbox.ts';
import { listForgotten, markPendingAgain } from './state-store.ts';

export interface Reconciliation {
  /** Sends what the outbox still holds, one batch. */
  relay(): Promise<{ readonly sent: number; readonly failed: number; readonly more: boolean }>;
  /** Puts articles that wait for a workflow that nobody runs back into the outbox; answers how many. */
  requeueForgotten(): Promise<number>;
}

/** Longer than any workflow leaves a pending article's state untouched without announcing its next attempt. */
const idleMs = 15 * 60_000;
const batch = 100;

/** What makes up for crashes between a commit and its signal, and for workflows that an operator has ended. */
export function createReconciliation(deps: {
  readonly database: Database;
  readonly outbox: Outbox;
}): Reconciliation {
  const { database, outbox } = deps;
  return {
    relay: outbox.relay,
    async requeueForgotten() {
      const forgotten = await database.withScope('reconcile', (tx) => listForgotten(tx, idleMs, batch));
      for (const { tenantId, articleId } of forgotten) {
        await database.withTenant(tenantId, async (tx) => {
          await markPendingAgain(tx, tenantId, articleId);
          await outbox.enqueue(tx, { tenantId, kind: 'article', subjectId: articleId });
        });
      }
      return forgotten.length;
    },
  };
}
