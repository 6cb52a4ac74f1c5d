import { maxUnderWay } from '../../domain/backlog.ts';
import type { Outbox } from '../../outbox/outbox.ts';
import type { WorkflowStarter } from '../../outbox/workflow-starter.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { sumOverTenants } from '../../platform/postgres/each-tenant.ts';
import type { Logger } from '../../platform/telemetry/logging.ts';
import { markStarted } from './backlog-store.ts';
import { listIdleTenants, readStuck } from './stuck-read-model.ts';

/**
 * A workflow under way updates its article's status, or announces its next attempt, more often than this. An article
 * that waits longer for its page of a backlog is taken care of early, which costs nothing more.
 */
const idleMs = 15 * 60_000;
/** Tenants that one run serves, in some seconds: the next run comes after 15 s. */
const maxTenants = 50;
/** Articles that a run signals for one tenant. More of them are no accident of single articles, but a backlog. */
const maxSignals = 10;

/**
 * Signals the workflows of articles that nothing seems to embed; returns how many. Each tenant gets a few. For one with many
 * it requests the backlog, which starts them page by page. A tenant that has as many under way as a backlog keeps, or nearly, has a
 * backlog that comes to the others.
 */
export function createStuckArticles(deps: {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly starter: Pick<WorkflowStarter, 'sendBacklogArticle'>;
  readonly log: Pick<Logger, 'warn'>;
}): () => Promise<number> {
  const { database, outbox, starter, log } = deps;

  /** Marks what is to be signalled as started, and returns it. */
  const claim = (tenantId: string) =>
    database.withTenant(tenantId, async (tx) => {
      const { articleIds, underWay } = await readStuck(tx, tenantId, {
        ...{ idleMs, maxUnderWay },
        maxStuck: maxSignals + 1,
      });
      if (articleIds.length === 0 || underWay > maxUnderWay / 2) return [];
      if (articleIds.length > maxSignals) {
        await outbox.enqueue(tx, { tenantId, kind: 'backlog', subjectId: tenantId });
        return [];
      }
      await markStarted(tx, tenantId, articleIds);
      return articleIds;
    });

  return async () => {
    const tenants = await database.withScope('reconcile', (tx) => listIdleTenants(tx, idleMs, maxTenants));
    const signal = async (tenantId: string) => {
      const articleIds = await claim(tenantId);
      // Sent as articles of a backlog: they were not just edited, so edits go first.
      for (const articleId of articleIds) await starter.sendBacklogArticle(tenantId, articleId);
      return articleIds.length;
    };
    return sumOverTenants(tenants, signal, log);
  };
}
