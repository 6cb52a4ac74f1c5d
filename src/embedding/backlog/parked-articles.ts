import { maxUnderWay } from '../../domain/backlog.ts';
import type { Outbox } from '../../outbox/outbox.ts';
import { sumInTurn } from '../../platform/async/sum-in-turn.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { Logger } from '../../platform/telemetry/logging.ts';
import { countPendingUpTo, unpark } from './backlog-store.ts';
import { listAdmitted, listAdmittedTenants } from './parked-read-model.ts';

/** Tenants that one run serves. At the turn of a month they may be many; the next run comes after 15 s. */
const maxTenants = 50;
/** Articles of one tenant in one statement: some tenths of a second, and locks on that tenant's rows only. */
const maxArticles = 2_000;

/**
 * Makes the articles pending that the budget of a past month or of a key's past day has blocked, some thousand of each tenant a
 * run, and requests the tenant's backlog, which starts them page by page and as many at once as in any backlog. Returns how many.
 */
export function createParkedArticles(deps: {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly log: Pick<Logger, 'warn'>;
}): () => Promise<number> {
  const { database, outbox, log } = deps;

  const wake = (tenantId: string) =>
    database.withTenant(tenantId, async (tx) => {
      const pending = await countPendingUpTo(tx, tenantId, maxUnderWay + 1);
      const articles = await unpark(
        tx,
        tenantId,
        'budget_exhausted',
        await listAdmitted(tx, tenantId, maxArticles),
      );
      // A signal makes a running backlog begin again. One with many articles before it comes to these, too.
      const comesToThem = pending > maxUnderWay && articles === maxArticles;
      if (articles > 0 && !comesToThem)
        await outbox.enqueue(tx, { tenantId, kind: 'backlog', subjectId: tenantId });
      return articles;
    });

  return async () => {
    const tenants = await database.withScope('reconcile', (tx) => listAdmittedTenants(tx, maxTenants));
    return sumInTurn(tenants, wake, (tenantId, error) =>
      log.warn({ error, tenant_id: tenantId }, 'articles that a budget has blocked are left to the next run'),
    );
  };
}
