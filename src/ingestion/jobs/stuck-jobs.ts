import type { Outbox } from '../../outbox/outbox.ts';
import { sumInTurn } from '../../platform/async/sum-in-turn.ts';
import type { Database, Transaction } from '../../platform/postgres/database.ts';
import type { Logger } from '../../platform/telemetry/logging.ts';
import { touchJob } from './job-status-store.ts';
import { listIdleTenants, listStuck } from './stuck-read-model.ts';
import { listUnderWay } from './under-way-store.ts';

/** Longer than any step of a job takes, its tries included: a job that was not touched for so long has no workflow. */
const idleMs = 15 * 60_000;
/** Tenants that one run serves, in some seconds: the next run comes after 15 s. */
const maxTenants = 50;

/** Jobs that wait, or that seem forgotten. */
export interface WaitingJobs {
  /** Signals the tenant's jobs under way, in the transaction of what may end their wait: another key, model or budget. */
  wake(tx: Transaction, tenantId: string): Promise<void>;
  /** Requests the workflows of jobs that nothing seems to work on; returns how many. */
  requeueStuck(): Promise<number>;
}

/** Creates the waking of jobs. The workflow of a job goes on from what is stored, so a signal too many does no harm. */
export function createWaitingJobs(deps: {
  readonly database: Database;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly log: Pick<Logger, 'warn'>;
}): WaitingJobs {
  const { database, outbox, log } = deps;

  const enqueueAll = async (tx: Transaction, tenantId: string, jobIds: readonly string[]) => {
    for (const subjectId of jobIds) await outbox.enqueue(tx, { tenantId, kind: 'ingestion', subjectId });
  };

  const requeue = (tenantId: string) =>
    database.withTenant(tenantId, async (tx) => {
      const jobIds = await listStuck(tx, tenantId, idleMs);
      for (const jobId of jobIds) await touchJob(tx, tenantId, jobId);
      await enqueueAll(tx, tenantId, jobIds);
      return jobIds.length;
    });

  return {
    // Those that do not wait as well: one may be about to find that the old key is rejected.
    wake: async (tx, tenantId) => enqueueAll(tx, tenantId, await listUnderWay(tx, tenantId)),

    async requeueStuck() {
      const tenants = await database.withScope('reconcile', (tx) => listIdleTenants(tx, idleMs, maxTenants));
      return sumInTurn(tenants, requeue, (tenantId, error) =>
        log.warn({ error, tenant_id: tenantId }, 'ingestion jobs without a workflow are left to a later run'),
      );
    },
  };
}
