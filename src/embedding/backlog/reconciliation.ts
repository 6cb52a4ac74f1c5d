import type { Outbox } from '../../outbox/outbox.ts';
import type { WorkflowStarter } from '../../outbox/workflow-starter.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { listStuck, markRequeued } from './backlog-store.ts';

export interface Reconciliation {
  /** Sends what the outbox still holds, one batch. */
  relay(): Promise<{ readonly sent: number; readonly failed: number; readonly more: boolean }>;
  /** Signals the workflows of articles that nobody seems to embed; answers how many. */
  requeueForgotten(): Promise<number>;
}

/**
 * A workflow under way touches its article's state, or announces its next attempt, more often than this. An article that
 * waits longer for its page of a backlog is signalled ahead of it, which costs nothing more.
 */
const idleMs = 15 * 60_000;
const batch = 100;

/** What makes up for crashes between a commit and its signal, and for workflows that an operator has ended. */
export function createReconciliation(deps: {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly starter: WorkflowStarter;
}): Reconciliation {
  const { database, outbox, starter } = deps;
  return {
    relay: outbox.relay,
    async requeueForgotten() {
      const forgotten = await database.withScope('reconcile', (tx) => listStuck(tx, idleMs, batch));
      for (const { tenantId, articleId } of forgotten) {
        await database.withTenant(tenantId, (tx) => markRequeued(tx, tenantId, articleId));
        // As an article of a backlog: nobody has just edited it, so that edits go first.
        await starter.sendBacklogArticle(tenantId, articleId);
      }
      return forgotten.length;
    },
  };
}
