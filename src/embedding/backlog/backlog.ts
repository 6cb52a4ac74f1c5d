import { chunkerVersion } from '../../domain/chunks.ts';
import type { ProviderKeys } from '../../llm-config/provider-keys.ts';
import type { Outbox, Relayed } from '../../outbox/outbox.ts';
import type { WorkflowStarter } from '../../outbox/workflow-starter.ts';
import type { Database, Transaction } from '../../platform/postgres/database.ts';
import type { Usage } from '../../usage/service.ts';
import { aimAt, isServing, targets } from '../../vectors/spaces.ts';
import type { CutOverWhenComplete } from '../cut-over.ts';
import { listStuck, markStale } from './backlog-read-model.ts';
import { countPending, endBreakerWaits, listWaiting, markRequeued } from './backlog-store.ts';

export interface BacklogPage {
  readonly started: number;
  /** Where the next page begins; none after the last. */
  readonly afterId?: string;
}

export interface Backlog {
  /**
   * In the transaction that sets a key, names a model or raises the budget: articles that lack vectors of the current model
   * become pending, and the backlog's workflow is asked for.
   */
  request(tx: Transaction, tenantId: string): Promise<void>;
  /** In the transaction that closes the breaker by hand: the workflows that wait for it are woken by the backlog. */
  wakeWaiting(tx: Transaction, tenantId: string): Promise<void>;
  /** Starts the workflows of one page of articles that wait for their vectors. Safe to repeat. */
  startPage(tenantId: string, afterId: string | undefined): Promise<BacklogPage>;
  /**
   * How many articles are still pending, and how many of those have been started. With none waiting, the space of the current
   * model begins to serve searches; until then the old one goes on.
   */
  settle(
    tenantId: string,
    startedUpToId: string | undefined,
  ): Promise<{ readonly pending: number; readonly underWay: number }>;
  /** Sends a batch of what the outbox still holds. */
  relay(): Promise<Relayed>;
  /** Signals the workflows of articles that nothing seems to embed, of any tenant; answers how many. */
  requeueStuck(): Promise<number>;
}

/** Workflows started by one activity: some seconds of signals, well inside its time-out. */
const pageSize = 50;
/**
 * A workflow under way updates its article's status, or announces its next attempt, more often than this. An article that
 * waits longer for its page of a backlog is signalled early, which costs nothing more.
 */
const idleMs = 15 * 60_000;
const stuckBatch = 100;

export interface BacklogDeps {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'enqueue' | 'relay'>;
  readonly starter: Pick<WorkflowStarter, 'sendBacklogArticle'>;
  readonly keys: Pick<ProviderKeys, 'current' | 'models'>;
  readonly usage: Pick<Usage, 'budgetChanged'>;
  readonly cutOverWhenComplete: CutOverWhenComplete;
}

/** Articles that wait for vectors: after a first key, another key or another model, and after crashes. */
export function createBacklog(deps: BacklogDeps): Backlog {
  const { database, outbox, starter, keys, usage, cutOverWhenComplete } = deps;

  const enqueue = (tx: Transaction, tenantId: string) =>
    outbox.enqueue(tx, { tenantId, kind: 'backlog', subjectId: tenantId });

  return {
    async request(tx, tenantId) {
      await usage.budgetChanged(tx, tenantId);
      const { embedding_model: model } = await keys.models(tx, tenantId);
      await aimAt(tx, tenantId, { model, chunkerVersion });
      await markStale(tx, tenantId, model);
      // Even with nothing stale: an article written at this moment may be about to learn that there is no key.
      await enqueue(tx, tenantId);
    },

    async wakeWaiting(tx, tenantId) {
      await endBreakerWaits(tx, tenantId);
      // Even with none found waiting: a call may be about to learn that the breaker is open.
      await enqueue(tx, tenantId);
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
        const key = await keys.current(tx, tenantId, 'embedding');
        const wanted =
          key === undefined ? [] : await targets(tx, tenantId, { model: key.model, chunkerVersion });
        for (const { id } of wanted) {
          if (!(await isServing(tx, tenantId, id))) await cutOverWhenComplete(tx, tenantId, id);
        }
        return countPending(tx, tenantId, startedUpToId);
      }),

    relay: outbox.relay,

    async requeueStuck() {
      const stuck = await database.withScope('reconcile', (tx) => listStuck(tx, idleMs, stuckBatch));
      for (const { tenantId, articleId } of stuck) {
        await database.withTenant(tenantId, (tx) => markRequeued(tx, tenantId, articleId));
        // As an article of a backlog: it was not just edited, so edits go first.
        await starter.sendBacklogArticle(tenantId, articleId);
      }
      return stuck.length;
    },
  };
}
