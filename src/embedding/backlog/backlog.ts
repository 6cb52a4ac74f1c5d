import { chunkerVersion } from '../../domain/chunks.ts';
import type { ProviderKeys } from '../../llm-config/service.ts';
import type { Outbox, OutboxTicket } from '../../outbox/outbox.ts';
import type { WorkflowStarter } from '../../outbox/workflow-starter.ts';
import type { Database, Transaction } from '../../platform/postgres/database.ts';
import { findSpace } from '../../vectors/spaces-store.ts';
import { cutOverWhenComplete, isServing } from '../cut-over.ts';
import { countPending, endBreakerWaits, listWaiting, markStale } from './backlog-store.ts';

export interface BacklogPage {
  readonly started: number;
  /** Where the next page begins; none after the last. */
  readonly afterId?: string;
}

export interface Backlog {
  /** In the transaction of a new key or model: what lacks vectors is pending, and the outbox wants the backlog. */
  request(tx: Transaction, tenantId: string, model: string): Promise<OutboxTicket | undefined>;
  /** In the transaction that closes the breaker by hand: the workflows that wait for it are woken by the backlog. */
  wakeWaiting(tx: Transaction, tenantId: string): Promise<OutboxTicket | undefined>;
  /** Starts the workflows of one page of articles that wait for their vectors. Safe to repeat. */
  startPage(tenantId: string, afterId: string | undefined): Promise<BacklogPage>;
  /**
   * How many articles are still pending, and how many of those have been started; with none waiting, the space of the
   * tenant's current model begins to serve its searches. Until then the old space goes on: no change of model is a gap.
   */
  settle(
    tenantId: string,
    startedUpToId: string | undefined,
  ): Promise<{ readonly pending: number; readonly underWay: number }>;
}

/** Workflows started by one activity: some seconds of signals, well inside its time-out. */
const pageSize = 50;

/** Embedding everything that a tenant has after a first key, a replaced key or another model. */
export function createBacklog(deps: {
  readonly database: Database;
  readonly outbox: Outbox;
  readonly starter: WorkflowStarter;
  readonly keys: ProviderKeys;
}): Backlog {
  const { database, outbox, starter, keys } = deps;

  const enqueue = (tx: Transaction, tenantId: string) =>
    outbox.enqueue(tx, { tenantId, kind: 'backlog', subjectId: tenantId });

  return {
    async request(tx, tenantId, model) {
      await markStale(tx, tenantId, model);
      // Even with nothing stale: an article written at this moment may be about to learn that there is no key.
      return enqueue(tx, tenantId);
    },

    async wakeWaiting(tx, tenantId) {
      await endBreakerWaits(tx, tenantId);
      // Even with none found waiting: a call may be about to learn that the breaker is open.
      return enqueue(tx, tenantId);
    },

    async startPage(tenantId, afterId) {
      const ids = await database.withTenant(tenantId, (tx) => listWaiting(tx, tenantId, afterId, pageSize));
      for (const articleId of ids) await starter.sendBacklogArticle(tenantId, articleId);
      const last = ids.at(-1);
      return {
        started: ids.length,
        ...(ids.length === pageSize && last !== undefined ? { afterId: last } : {}),
      };
    },

    settle: (tenantId, startedUpToId) =>
      database.withTenant(tenantId, async (tx) => {
        const stored = await keys.current(tx, tenantId, 'embedding');
        const space = stored && (await findSpace(tx, tenantId, { model: stored.model, chunkerVersion }));
        if (space !== undefined && !(await isServing(tx, tenantId, space.id))) {
          await cutOverWhenComplete(tx, tenantId, space.id);
        }
        return countPending(tx, tenantId, startedUpToId);
      }),
  };
}
