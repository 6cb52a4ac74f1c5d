import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';

const documentRow = z
  .object({
    wrapped_key: z.string(),
    about: z.instanceof(Buffer),
    source: z.instanceof(Buffer).nullable(),
    document: z.instanceof(Buffer).nullable(),
  })
  .transform(({ wrapped_key: wrappedKey, ...row }) => ({ ...row, wrappedKey }));

/** A document as it lies sealed. */
export type SealedRow = z.output<typeof documentRow>;

/** Inserts the sealed document of a new job. `source` is null for an address that is fetched later. */
export async function insertDocument(
  tx: Transaction,
  tenantId: string,
  jobId: string,
  sealed: { readonly wrappedKey: string; readonly about: Buffer; readonly source: Buffer | null },
): Promise<void> {
  await tx('ingestion_documents').insert({
    ...{ tenant_id: tenantId, job_id: jobId, wrapped_key: sealed.wrappedKey },
    ...{ about: sealed.about, source: sealed.source },
  });
}

/** Finds the sealed document of a job. */
export async function findDocument(
  tx: Transaction,
  tenantId: string,
  jobId: string,
): Promise<SealedRow | undefined> {
  const rows: unknown = await tx('ingestion_documents')
    .where({ tenant_id: tenantId, job_id: jobId })
    .select('wrapped_key', 'about', 'source', 'document');
  return z.array(documentRow).parse(rows)[0];
}

/** Lists those of the jobs whose document is still there. */
export async function listWithDocument(
  tx: Transaction,
  tenantId: string,
  jobIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const found: unknown = await tx('ingestion_documents')
    .where({ tenant_id: tenantId })
    .whereIn('job_id', [...jobIds])
    .pluck('job_id');
  return new Set(z.array(z.string()).parse(found));
}

/** Stores the bytes that were fetched, and what is known of them. */
export async function storeFetched(
  tx: Transaction,
  tenantId: string,
  jobId: string,
  sealed: { readonly about: Buffer; readonly source: Buffer },
): Promise<void> {
  await tx('ingestion_documents')
    .where({ tenant_id: tenantId, job_id: jobId, document: null })
    .update(sealed);
}

/** Stores the document that was read, in place of its bytes; false where another run has stored it. */
export async function storeRead(
  tx: Transaction,
  tenantId: string,
  jobId: string,
  document: Buffer,
): Promise<boolean> {
  const stored = await tx('ingestion_documents')
    .where({ tenant_id: tenantId, job_id: jobId, document: null })
    .update({ document, source: null });
  return stored === 1;
}

/** Deletes the document of a job. */
export async function deleteDocument(tx: Transaction, tenantId: string, jobId: string): Promise<void> {
  await tx('ingestion_documents').where({ tenant_id: tenantId, job_id: jobId }).delete();
}

/**
 * Marks the document of an ended job, which is kept for a retry, and deletes the oldest beyond `maxKept`. One that a retry takes back
 * at this moment stays: whether it is kept is asked once more when its row is locked.
 */
export async function keepDocument(
  tx: Transaction,
  tenantId: string,
  jobId: string,
  maxKept: number,
): Promise<void> {
  await tx('ingestion_documents')
    .where({ tenant_id: tenantId, job_id: jobId })
    .update({ ended_at: tx.raw('clock_timestamp()') });
  await tx.raw(
    `delete from ingestion_documents
      where tenant_id = :tenantId and ended_at is not null and job_id in (
        select job_id from ingestion_documents
         where tenant_id = :tenantId and ended_at is not null order by ended_at desc offset :maxKept)`,
    { tenantId, maxKept },
  );
}

/** Takes the document of a job back into work; false where it has been deleted. */
export async function reviveDocument(tx: Transaction, tenantId: string, jobId: string): Promise<boolean> {
  const revived = await tx('ingestion_documents')
    .where({ tenant_id: tenantId, job_id: jobId })
    .update({ ended_at: null });
  return revived === 1;
}
