import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import type { Extraction } from '../extraction/extraction.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { AfterJobChange, JobChange } from './job-change.ts';
import { deleteDocument } from './jobs/document-store.ts';
import { isUnderWay } from './jobs/job.ts';
import { endJob } from './jobs/job-status-store.ts';
import { findJob, lockJob } from './jobs/job-store.ts';
import { withTotalsOf } from './jobs/with-totals.ts';
import type { IngestionMetrics } from './metrics.ts';

/**
 * Cancels a job under way. It ends at once, whether or not its workflow can be reached: its text is deleted, what was made stays. A
 * call that is under way ends by itself. One that is cancelled already stays so.
 */
export type CancelJob = (actor: Actor, id: string, afterWrite?: AfterJobChange) => Promise<JobChange>;

/** Creates the cancelling of jobs. */
export function createCancelJob(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly audit: Audit;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly extraction: Pick<Extraction, 'forget'>;
  readonly metrics: Pick<IngestionMetrics, 'ingestionEnded'>;
}): CancelJob {
  const { database, audit, outbox, extraction, metrics } = deps;
  return (actor, id, afterWrite) =>
    database.withTenant(actor.tenantId, async (tx): Promise<JobChange> => {
      const { tenantId } = actor;
      const job = await lockJob(tx, tenantId, id);
      if (job === undefined) return { kind: 'not_found' };
      if (job.status === 'cancelled') return { kind: 'ok', job: await withTotalsOf(tx, tenantId, job) };
      if (!isUnderWay(job.status)) return { kind: 'not_allowed', status: job.status };

      await endJob(tx, tenantId, id, { status: 'cancelled', code: null });
      await deleteDocument(tx, tenantId, id);
      await extraction.forget(tx, { tenantId, kind: 'ingestion', id });
      // The workflow ends its wait, and finds that nothing is left to do.
      await outbox.enqueue(tx, { tenantId, kind: 'ingestion', subjectId: id });
      await audit.append(tx, actor, {
        action: 'ingestion.cancelled',
        subject: { kind: 'ingestion_job', id },
        details: { from: job.status },
      });
      const cancelled = await withTotalsOf(tx, tenantId, (await findJob(tx, tenantId, id)) ?? job);
      await afterWrite?.(tx, cancelled);
      tx.afterCommit(() => metrics.ingestionEnded('cancelled', null));
      return { kind: 'ok', job: cancelled };
    });
}
