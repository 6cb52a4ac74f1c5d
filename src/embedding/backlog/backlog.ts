import { chunkerVersion } from '../../domain/chunks.ts';
import type { ProviderKeys } from '../../llm-config/provider-keys.ts';
import type { Outbox, Relayed } from '../../outbox/outbox.ts';
import type { WorkflowStarter } from '../../outbox/workflow-starter.ts';
import type { Database, Transaction } from '../../platform/postgres/database.ts';
import type { Logger } from '../../platform/telemetry/logging.ts';
import type { Usage } from '../../usage/service.ts';
import { aimAt, isServing, targets } from '../../vectors/spaces.ts';
import type { CutOverWhenComplete } from '../cut-over.ts';
import { markStale } from './backlog-read-model.ts';
import { countPending, endBreakerWaits, listWaiting, markStarted } from './backlog-store.ts';
import { createParkedArticles } from './parked-articles.ts';
import { createQuotaArticles } from './quota-articles.ts';
import { createStuckArticles } from './stuck-articles.ts';

/** A page of a backlog whose workflows were started. */
export interface BacklogPage {
  readonly started: number;
  /** The id after which the next page begins; absent on the last page. */
  readonly afterId?: string;
}

/** The articles that wait for vectors. */
export interface Backlog {
  /**
   * Marks the articles that lack vectors of the current model as pending and requests the backlog's workflow, in the
   * transaction that sets a key, names a model or raises the budget.
   */
  request(tx: Transaction, tenantId: string): Promise<void>;
  /**
   * Requests the workflow that wakes the articles waiting for the breaker or for the end of a pause, in the transaction that
   * ends both by hand.
   */
  wakeWaiting(tx: Transaction, tenantId: string): Promise<void>;
  /** Starts the workflows of one page of articles that wait for their vectors. Safe to repeat. */
  startPage(tenantId: string, afterId: string | undefined): Promise<BacklogPage>;
  /**
   * Counts the articles that are still pending, and those of them that have been started. When none waits, the space of
   * the current model starts to serve searches; until then the old one serves.
   */
  settle(
    tenantId: string,
    startedUpToId: string | undefined,
  ): Promise<{ readonly pending: number; readonly underWay: number }>;
  /** Sends a batch of waiting outbox rows. */
  relay(): Promise<Relayed>;
  /**
   * Starts, for some tenants, articles that nothing seems to embed, and those that the budget of a past month or a quota has blocked
   * that may be there again; returns how many.
   */
  requeueStuck(): Promise<number>;
}

/** Workflows that one activity starts: some seconds of signals, well within its timeout. */
const pageSize = 50;

export interface BacklogDeps {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'enqueue' | 'relay'>;
  readonly starter: Pick<WorkflowStarter, 'sendBacklogArticle'>;
  readonly keys: Pick<ProviderKeys, 'current' | 'embeddingTarget'>;
  readonly usage: Pick<Usage, 'budgetChanged'>;
  readonly cutOverWhenComplete: CutOverWhenComplete;
  readonly log: Pick<Logger, 'warn'>;
}

/**
 * Creates the backlog: the articles that wait for vectors after a first key, another key or another model, and after
 * crashes.
 */
export function createBacklog(deps: BacklogDeps): Backlog {
  const { database, outbox, starter, keys, usage, cutOverWhenComplete } = deps;

  const wakeParked = createParkedArticles(deps);
  const wakeAfterPause = createQuotaArticles(deps);
  const startStuck = createStuckArticles(deps);
  const enqueue = (tx: Transaction, tenantId: string) =>
    outbox.enqueue(tx, { tenantId, kind: 'backlog', subjectId: tenantId });

  return {
    async request(tx, tenantId) {
      const current = { target: await keys.embeddingTarget(tx, tenantId), chunkerVersion };
      await aimAt(tx, tenantId, current);
      await markStale(tx, tenantId, current);
      // After spaces and states: a call that ends locks them in this order, and the month's row last.
      await usage.budgetChanged(tx, tenantId);
      // Even with nothing stale, because the workflow of an article written at this moment may just be finding that
      // there is no key.
      await enqueue(tx, tenantId);
    },

    async wakeWaiting(tx, tenantId) {
      await endBreakerWaits(tx, tenantId);
      // Even with none waiting, because a call may just be finding that the breaker is open.
      await enqueue(tx, tenantId);
    },

    async startPage(tenantId, afterId) {
      const ids = await database.withTenant(tenantId, async (tx) => {
        const page = await listWaiting(tx, tenantId, afterId, pageSize);
        await markStarted(tx, tenantId, page);
        return page;
      });
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
        const spaces =
          key === undefined ? [] : await targets(tx, tenantId, { target: key.target, chunkerVersion });
        for (const space of spaces) {
          if (!(await isServing(tx, tenantId, space.id))) await cutOverWhenComplete(tx, tenantId, space);
        }
        return countPending(tx, tenantId, startedUpToId);
      }),

    relay: outbox.relay,

    async requeueStuck() {
      return (await wakeParked()) + (await wakeAfterPause()) + (await startStuck());
    },
  };
}
