import type { AuditAction } from '../../audit/actions.ts';
import type { Audit } from '../../audit/service.ts';
import { serviceActor } from '../../domain/actor.ts';
import type { JobRef, JobStatus } from '../../domain/extract-content.ts';
import { type FailureCode, isFailureCode } from '../../domain/failures.ts';
import type { Finished } from '../../domain/ingest-content.ts';
import type { Extraction, Subject } from '../../extraction/extraction.ts';
import type { Database, Transaction } from '../../platform/postgres/database.ts';
import { deleteDocument, keepDocument } from '../jobs/document-store.ts';
import { isUnderWay, type PartProgress } from '../jobs/job.ts';
import { endJob } from '../jobs/job-status-store.ts';
import { lockJob } from '../jobs/job-store.ts';
import { failOpenParts, listParts } from '../jobs/part-store.ts';
import { maxKeptDocuments } from '../limits.ts';
import type { IngestionMetrics } from '../metrics.ts';

/** How a run ends its job. */
export interface JobEnd {
  /** The try that ends. A job that was asked for again meanwhile goes on. */
  readonly attempt?: number;
  /** Why nothing more is tried; absent where every part is settled. */
  readonly code?: FailureCode;
}

/** Ends a job: its status follows from its parts. Its document is deleted, or kept for some days where a retry may help. */
export type FinishJob = (ref: JobRef, end: JobEnd) => Promise<Finished>;

type EndStatus = Exclude<JobStatus, 'queued' | 'running'>;

const audited = {
  completed: { action: 'ingestion.completed' },
  partial: { action: 'ingestion.partly_completed' },
  failed: { action: 'ingestion.failed' },
} as const satisfies Record<Exclude<EndStatus, 'cancelled'>, { readonly action: AuditAction }>;

/** What another try cannot change: the document is what it is. */
const finalCodes: readonly FailureCode[] = ['unsupported_content', 'document_too_large', 'url_forbidden'];

/** Creates the last step of a job. */
export function createFinishJob(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly audit: Audit;
  readonly extraction: Pick<Extraction, 'forget' | 'articlesOf'>;
  readonly metrics: Pick<IngestionMetrics, 'ingestionEnded'>;
}): FinishJob {
  const { database, audit, extraction, metrics } = deps;

  /** Deletes what is not needed any more. An answer that is paid for and not used yet waits for the retry. */
  const clear = async (
    tx: Transaction,
    subject: Subject,
    { status, code, parts }: { status: EndStatus; code: FailureCode | null; parts: readonly PartProgress[] },
  ) => {
    const { tenantId, id } = subject;
    const mayRetry =
      (status === 'failed' || status === 'partial') && (code === null || !finalCodes.includes(code));
    if (mayRetry) await keepDocument(tx, tenantId, id, maxKeptDocuments);
    else await deleteDocument(tx, tenantId, id);
    const isPaidFor = parts.some((part) => part.status === 'extracted');
    if (!mayRetry || !isPaidFor) await extraction.forget(tx, subject);
  };

  return ({ tenantId, jobId }, { attempt, code }) =>
    database.withTenant(tenantId, async (tx): Promise<Finished> => {
      const job = await lockJob(tx, tenantId, jobId);
      if (job === undefined) return { kind: 'gone' };
      const subject: Subject = { tenantId, kind: 'ingestion', id: jobId };
      const finished = async (status: EndStatus, reason: FailureCode | null): Promise<Finished> => {
        const made = await extraction.articlesOf(tx, subject);
        const parts = (await listParts(tx, tenantId, jobId)).filter((part) => part.status !== 'cut').length;
        return { kind: 'finished', status, code: reason, parts, articles: made.created };
      };
      if (!isUnderWay(job.status)) {
        const status = endStatusOf(job.status);
        const parts = await listParts(tx, tenantId, jobId);
        // A call that was under way when the job was cancelled has stored its answer since.
        if (status === 'cancelled') await clear(tx, subject, { status, code: null, parts });
        return finished(status, isFailureCode(job.code) ? job.code : null);
      }
      if (attempt !== undefined && attempt !== job.attempt) return { kind: 'changed' };

      if (code !== undefined) await failOpenParts(tx, tenantId, jobId, code);
      const parts = await listParts(tx, tenantId, jobId);
      const status = statusOf(parts, code);
      const reason = status === 'completed' ? null : (code ?? firstCode(parts));
      await endJob(tx, tenantId, jobId, { status, code: reason });
      await clear(tx, subject, { status, code: reason, parts });
      const result = await finished(status, reason);
      if (result.kind === 'finished') {
        await audit.append(tx, serviceActor(tenantId), {
          ...audited[status],
          subject: { kind: 'ingestion_job', id: jobId },
          details: {
            ...{ parts: result.parts, articles: result.articles },
            ...(reason === null ? {} : { code: reason }),
          },
        });
      }
      tx.afterCommit(() => metrics.ingestionEnded(status, reason));
      return result;
    });
}

/** The status that follows from the parts: a document of which something came and something failed is partial. */
function statusOf(
  parts: readonly PartProgress[],
  code: FailureCode | undefined,
): Exclude<EndStatus, 'cancelled'> {
  const settled = parts.filter(({ status }) => status !== 'cut');
  const done = settled.filter(({ status }) => status === 'done' || status === 'left_out').length;
  if (done === settled.length && code === undefined) return 'completed';
  return done === 0 ? 'failed' : 'partial';
}

function firstCode(parts: readonly PartProgress[]): FailureCode {
  const code = parts.find((part) => part.code !== null)?.code;
  return isFailureCode(code) ? code : 'internal';
}

const endStatusOf = (status: JobStatus): EndStatus =>
  status === 'queued' || status === 'running' ? 'failed' : status;
