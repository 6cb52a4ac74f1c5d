import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import type { Extraction } from '../extraction/extraction.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Limits } from '../providers/limits/limits.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import type { AfterJobChange, JobRetry } from './job-change.ts';
import { reviveDocument } from './jobs/document-store.ts';
import { reopenJob } from './jobs/job-status-store.ts';
import { findJob, findSameJob, lockJob } from './jobs/job-store.ts';
import { reopenFailedParts } from './jobs/part-store.ts';
import { lockUnderWay } from './jobs/under-way-store.ts';
import { withTotalsOf } from './jobs/with-totals.ts';
import { tooMuch } from './queue-document.ts';

/** Asks again for what failed of a job that is failed or partial. What was done stays and is not paid for again. */
export type RetryJob = (actor: Actor, id: string, afterWrite?: AfterJobChange) => Promise<JobRetry>;

/** Creates the retry of jobs. The API key that asks for it pays. */
export function createRetryJob(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly audit: Audit;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly extraction: Pick<Extraction, 'reopen'>;
  readonly keys: Pick<ProviderKeys, 'find'>;
  readonly limits: Pick<Limits, 'allowProbe'>;
  readonly blocked: BlockedOperations;
}): RetryJob {
  const { database, audit, outbox, extraction, keys, limits, blocked } = deps;
  return async (actor, id, afterWrite) => {
    const { tenantId } = actor;
    const retried = await database.withTenant(tenantId, async (tx): Promise<JobRetry> => {
      const underWay = await lockUnderWay(tx, tenantId);
      const job = await lockJob(tx, tenantId, id);
      if (job === undefined) return { kind: 'not_found' };
      if (job.status !== 'failed' && job.status !== 'partial')
        return { kind: 'not_allowed', status: job.status };
      if ((await keys.find(tx, tenantId, 'anthropic')) === undefined) return { kind: 'no_api_key' };
      if ((await findSameJob(tx, tenantId, job, false)) !== undefined) return { kind: 'same_under_way' };
      const refused = tooMuch(underWay, 0);
      if (refused !== undefined) return refused;
      if (!(await reviveDocument(tx, tenantId, id))) return { kind: 'document_gone' };

      const parts = await reopenFailedParts(tx, tenantId, id);
      await extraction.reopen(tx, { tenantId, kind: 'ingestion', id });
      await reopenJob(tx, tenantId, id, actor.keyId);
      await outbox.enqueue(tx, { tenantId, kind: 'ingestion', subjectId: id });
      await audit.append(tx, actor, {
        action: 'ingestion.retried',
        subject: { kind: 'ingestion_job', id },
        details: { from: job.status, parts, ...(job.code === null ? {} : { code: job.code }) },
      });
      // A person who has paid a bill does not wait for the end of a pause.
      await limits.allowProbe(tx, tenantId, 'anthropic');
      const reopened = await withTotalsOf(tx, tenantId, (await findJob(tx, tenantId, id)) ?? job);
      await afterWrite?.(tx, reopened);
      return { kind: 'ok', job: reopened };
    });
    if (retried.kind === 'no_api_key') await blocked.note(tenantId, 'extraction');
    return retried;
  };
}
