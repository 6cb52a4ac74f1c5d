import type { JobRef, PartRef } from '../../domain/extract-content.ts';
import type { Prepared } from '../../domain/ingest-content.ts';
import type { SafeFetch } from '../../platform/net/safe-fetch.ts';
import type { Database, Transaction } from '../../platform/postgres/database.ts';
import type { DocumentReader, Read } from '../documents/document.ts';
import { storeFetched, storeRead } from '../jobs/document-store.ts';
import { isUnderWay } from '../jobs/job.ts';
import { addNotes, markRunning, setSourceBytes } from '../jobs/job-status-store.ts';
import { lockJob } from '../jobs/job-store.ts';
import { insertParts, listParts } from '../jobs/part-store.ts';
import type { AboutDocument } from '../jobs/sealed-document.ts';
import type { FailedStep, OpenJob, OpenJobs } from './open-job.ts';

/** Brings a document to parts: fetched if need be, read, divided and sealed. A document that is read already is not read again. */
export type PrepareDocument = (ref: JobRef) => Promise<Prepared | FailedStep>;

/** When a document for which no thread was free is worth another try, for the first time. */
const retryInMs = 2_000;

/** Creates the first step of a job. */
export function createPrepareDocument(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly openJob: OpenJobs;
  readonly safeFetch: SafeFetch;
  readonly reader: Pick<DocumentReader, 'read'>;
}): PrepareDocument {
  const { database, openJob, safeFetch, reader } = deps;

  /** The bytes of the document; those at an address are fetched and stored, so that they are fetched once. */
  const bytesOf = async (
    { tenantId, jobId }: JobRef,
    { row, sealing }: OpenJob,
  ): Promise<
    { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly about: AboutDocument } | FailedStep
  > => {
    const about = sealing.openAbout(row.about);
    if (about === undefined) return { kind: 'failed', code: 'key_unusable' };
    if (row.source !== null) {
      const bytes = sealing.openSource(row.source);
      return bytes === undefined ? { kind: 'failed', code: 'key_unusable' } : { kind: 'bytes', bytes, about };
    }
    if (about.url === null) return { kind: 'failed', code: 'internal' };
    const fetched = await safeFetch.fetch(about.url);
    if (fetched.kind === 'failed') return fetched;
    const { bytes, contentType, url: name } = fetched;
    const known = { ...about, contentType, name };
    const sealed = { about: sealing.sealAbout(known), source: sealing.sealSource(bytes) };
    await database.withTenant(tenantId, async (tx) => {
      await storeFetched(tx, tenantId, jobId, sealed);
      await setSourceBytes(tx, tenantId, jobId, bytes.length);
    });
    return { kind: 'bytes', bytes, about: known };
  };

  const store = (
    { tenantId, jobId }: JobRef,
    { sealing }: OpenJob,
    { document, parts }: Extract<Read, { kind: 'read' }>,
  ) =>
    database.withTenant(tenantId, async (tx) => {
      const { title, markdown, notes } = document;
      const sealed = sealing.sealDocument({ title, markdown, parts });
      if (!(await storeRead(tx, tenantId, jobId, sealed))) return;
      await insertParts(
        tx,
        tenantId,
        jobId,
        parts.map((_, part): PartRef => ({ part, half: 0 })),
      );
      await addNotes(tx, tenantId, jobId, notes);
    });

  /** Shows that the job runs, and lists what is left of it. */
  const begin = ({ tenantId, jobId }: JobRef): Promise<Prepared> =>
    database.withTenant(tenantId, async (tx) => {
      const job = await lockJob(tx, tenantId, jobId);
      if (job === undefined || !isUnderWay(job.status)) return { kind: 'ended' };
      await markRunning(tx, tenantId, jobId);
      return { kind: 'prepared', attempt: job.attempt, open: await listOpen(tx, tenantId, jobId) };
    });

  return async (ref) => {
    const opened = await openJob(ref);
    if (opened.kind !== 'open') return opened;
    if (opened.row.document !== null) return begin(ref);

    const source = await bytesOf(ref, opened);
    if (source.kind === 'failed') return source;
    const { bytes, about } = source;
    const read = await reader.read(ref.tenantId, { bytes, contentType: about.contentType, name: about.name });
    if (read.kind === 'busy') return { kind: 'busy', retryInMs };
    if (read.kind === 'failed') return read;
    if (read.parts.length === 0) return { kind: 'failed', code: 'unsupported_content' };
    await store(ref, opened, read);
    return begin(ref);
  };
}

async function listOpen(tx: Transaction, tenantId: string, jobId: string): Promise<PartRef[]> {
  const parts = await listParts(tx, tenantId, jobId);
  return parts
    .filter(({ status }) => status === 'waiting' || status === 'extracted')
    .map(({ part, half }) => ({ part, half }));
}
