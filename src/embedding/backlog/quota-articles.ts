import type { Outbox } from '../../outbox/outbox.ts';
import type { WorkflowStarter } from '../../outbox/workflow-starter.ts';
import { sumInTurn } from '../../platform/async/sum-in-turn.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { Logger } from '../../platform/telemetry/logging.ts';
import { countPendingUpTo, unpark } from './backlog-store.ts';
import { listBlockedByQuota, listTenantsAfterPause, readPause } from './quota-read-model.ts';

/** Tenants that one run serves, in some seconds: the next run comes after 15 s. */
const maxTenants = 50;
/** Articles of one tenant in one statement: some tenths of a second, and locks on that tenant's rows only. */
const maxArticles = 2_000;

/**
 * Tries the articles again that the quota of a key has blocked, once the pause of the key is over: one article first, and the others
 * when a call has passed. Returns how many.
 */
export function createQuotaArticles(deps: {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly starter: Pick<WorkflowStarter, 'sendBacklogArticle'>;
  readonly log: Pick<Logger, 'warn'>;
}): () => Promise<number> {
  const { database, outbox, starter, log } = deps;

  /** Makes the articles pending; returns them, and whether one of them tries for all. */
  const claim = (tenantId: string) =>
    database.withTenant(tenantId, async (tx) => {
      const pause = await readPause(tx, tenantId);
      // An article that is under way already tries for the others.
      if (pause === 'paused' || (pause === 'half_open' && (await countPendingUpTo(tx, tenantId, 1)) > 0))
        return { articleIds: [], isProbe: false };
      const isProbe = pause === 'half_open';
      const blocked = await listBlockedByQuota(tx, tenantId, isProbe ? 1 : maxArticles);
      // None of them where another run has taken them at the same moment.
      const articleIds = (await unpark(tx, tenantId, 'quota_exhausted', blocked)) > 0 ? blocked : [];
      if (!isProbe && articleIds.length > 0)
        await outbox.enqueue(tx, { tenantId, kind: 'backlog', subjectId: tenantId });
      return { articleIds, isProbe };
    });

  const wake = async (tenantId: string) => {
    const { articleIds, isProbe } = await claim(tenantId);
    // Not by the backlog, which would start all that are blocked.
    for (const articleId of isProbe ? articleIds : []) await starter.sendBacklogArticle(tenantId, articleId);
    return articleIds.length;
  };

  return async () => {
    const tenants = await database.withScope('reconcile', (tx) => listTenantsAfterPause(tx, maxTenants));
    return sumInTurn(tenants, wake, (tenantId, error) =>
      log.warn({ error, tenant_id: tenantId }, 'articles that a quota has blocked are left to the next run'),
    );
  };
}
