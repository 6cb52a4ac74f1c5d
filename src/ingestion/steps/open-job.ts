import type { JobRef } from '../../domain/extract-content.ts';
import type { FailureCode } from '../../domain/failures.ts';
import type { Ended, Passing } from '../../domain/ingest-content.ts';
import type { Database, Transaction } from '../../platform/postgres/database.ts';
import type { DataKey, DataKeys } from '../../platform/vault/data-keys.ts';
import { findDocument, type SealedRow } from '../jobs/document-store.ts';
import { isUnderWay, type Job } from '../jobs/job.ts';
import { findJob } from '../jobs/job-store.ts';
import { createSealing, type Sealing } from '../jobs/sealed-document.ts';

/** A step that failed for good, with a code of the failure table. */
export interface FailedStep {
  readonly kind: 'failed';
  readonly code: FailureCode;
}

/** A job under way with its document opened. */
export interface OpenJob {
  readonly kind: 'open';
  readonly job: Job;
  readonly row: SealedRow;
  readonly key: DataKey;
  readonly sealing: Sealing;
}

/**
 * Reads a job that is under way and its document, and opens the document's key. A job that has ended, or is gone, is `ended`.
 */
export type OpenJobs = (ref: JobRef) => Promise<OpenJob | Ended | Passing | FailedStep>;

/** Creates the opening of jobs. */
export function createOpenJobs(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly dataKeys: Pick<DataKeys, 'open'>;
}): OpenJobs {
  return async ({ tenantId, jobId }) => {
    const found = await deps.database.withTenant(tenantId, (tx) => findUnderWay(tx, tenantId, jobId));
    if (found === undefined) return { kind: 'ended' };
    const { job, row } = found;
    // The document goes with the end of its job alone.
    if (row === undefined) return { kind: 'failed', code: 'internal' };
    const opened = await deps.dataKeys.open(tenantId, row.wrappedKey);
    if (opened.kind === 'failed') {
      const { code } = opened;
      return code === 'vault_unavailable' ? { kind: 'passing', code } : { kind: 'failed', code };
    }
    const { key } = opened;
    return { kind: 'open', job, row, key, sealing: createSealing(key, jobId) };
  };
}

async function findUnderWay(tx: Transaction, tenantId: string, jobId: string) {
  const [job, row] = await Promise.all([findJob(tx, tenantId, jobId), findDocument(tx, tenantId, jobId)]);
  return job === undefined || !isUnderWay(job.status) ? undefined : { job, row };
}
