import type { JobStatus } from '../../domain/extract-content.ts';
import type { FailureCode } from '../../domain/failures.ts';
import type { Transaction } from '../../platform/postgres/database.ts';

/** The rows of a job that is under way: an ended one is changed by a retry alone. */
const underWay = (tx: Transaction, tenantId: string, id: string) =>
  tx('ingestion_jobs').where({ tenant_id: tenantId, id }).whereIn('status', ['queued', 'running']);

/** Shows that the job is being worked on, and no longer waits. */
export async function markRunning(tx: Transaction, tenantId: string, id: string): Promise<void> {
  const now = tx.raw('clock_timestamp()');
  await underWay(tx, tenantId, id).update({
    status: 'running',
    code: null,
    next_attempt_at: null,
    started_at: tx.raw('coalesce(started_at, clock_timestamp())'),
    updated_at: now,
  });
}

/** Shows why the job waits, and until when. */
export async function markWaiting(
  tx: Transaction,
  tenantId: string,
  id: string,
  wait: { readonly code: FailureCode; readonly inMs: number },
): Promise<void> {
  await underWay(tx, tenantId, id).update({
    code: wait.code,
    next_attempt_at: tx.raw(`clock_timestamp() + ? * interval '1 millisecond'`, [wait.inMs]),
    updated_at: tx.raw('clock_timestamp()'),
  });
}

/** Shows that something was done for the job, so that it does not look forgotten. */
export async function touchJob(tx: Transaction, tenantId: string, id: string): Promise<void> {
  await underWay(tx, tenantId, id).update({ updated_at: tx.raw('clock_timestamp()') });
}

/** Sets how many bytes of the job lie sealed, once they are fetched. */
export async function setSourceBytes(
  tx: Transaction,
  tenantId: string,
  id: string,
  sourceBytes: number,
): Promise<void> {
  await underWay(tx, tenantId, id).update({
    source_bytes: sourceBytes,
    updated_at: tx.raw('clock_timestamp()'),
  });
}

/** Adds notes to those that the job has. */
export async function addNotes(
  tx: Transaction,
  tenantId: string,
  id: string,
  notes: readonly string[],
): Promise<void> {
  await tx.raw(
    `update ingestion_jobs
        set notes = (select coalesce(array_agg(distinct note), '{}') from unnest(notes || :notes::text[]) note),
            updated_at = clock_timestamp()
      where tenant_id = :tenantId and id = :id`,
    { tenantId, id, notes: [...notes] },
  );
}

/** Ends a job that is under way. */
export async function endJob(
  tx: Transaction,
  tenantId: string,
  id: string,
  end: { readonly status: Exclude<JobStatus, 'queued' | 'running'>; readonly code: FailureCode | null },
): Promise<void> {
  const now = tx.raw('clock_timestamp()');
  await underWay(tx, tenantId, id).update({
    ...end,
    next_attempt_at: null,
    finished_at: now,
    updated_at: now,
  });
}

/** Makes an ended job one that is queued, on the account of the API key that asks for it. */
export async function reopenJob(
  tx: Transaction,
  tenantId: string,
  id: string,
  apiKeyId: string | null,
): Promise<void> {
  await tx('ingestion_jobs')
    .where({ tenant_id: tenantId, id })
    .update({
      status: 'queued',
      attempt: tx.raw('attempt + 1'),
      code: null,
      finished_at: null,
      api_key_id: apiKeyId,
      updated_at: tx.raw('clock_timestamp()'),
    });
}
