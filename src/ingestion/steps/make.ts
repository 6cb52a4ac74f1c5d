import type { Actor } from '../../domain/actor.ts';
import type { JobRef, PartRef } from '../../domain/extract-content.ts';
import { articlesOfOneRun, type Made } from '../../domain/ingest-content.ts';
import type { Extraction } from '../../extraction/extraction.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { articleLimitNote, type Job } from '../jobs/job.ts';
import { addNotes, touchJob } from '../jobs/job-status-store.ts';
import { findPart, markPart } from '../jobs/part-store.ts';
import type { FailedStep, OpenJob, OpenJobs } from './open-job.ts';
import { passageOf } from './passage.ts';

/** Makes the articles of the stored answer about a part, each once. */
export type MakeArticles = (ref: JobRef, part: PartRef) => Promise<Made | FailedStep>;

/** The same for a part of a job that is open already. `cost`: the tokens of the answer, where the part does not show them yet. */
export type MakeOpened = (
  ref: JobRef,
  part: PartRef,
  opened: Pick<OpenJob, 'job' | 'key'>,
  cost?: { readonly inputTokens: number; readonly outputTokens: number },
) => Promise<{ readonly kind: 'settled' } | { readonly kind: 'again' }>;

interface MakeDeps {
  readonly database: Pick<Database, 'withTenant'>;
  readonly extraction: Pick<Extraction, 'makeArticles'>;
}

/** Creates the step that makes articles. */
export function createMakeArticles({
  openJob,
  ...deps
}: MakeDeps & { readonly openJob: OpenJobs }): MakeArticles {
  const { database } = deps;
  const make = createMakeOpened(deps);
  return async (ref, part) => {
    const { tenantId, jobId } = ref;
    const opened = await openJob(ref);
    if (opened.kind !== 'open') return opened;
    const before = await database.withTenant(tenantId, (tx) => findPart(tx, tenantId, jobId, part));
    return before?.status === 'extracted' ? make(ref, part, opened) : { kind: 'settled' };
  };
}

/** Creates the making of articles for an open job. */
export function createMakeOpened({ database, extraction }: MakeDeps): MakeOpened {
  return async (ref, part, { job, key }, cost) => {
    const { tenantId, jobId } = ref;
    const made = await extraction.makeArticles({
      passage: passageOf(ref, part),
      key,
      actor: actorOf(tenantId, job),
      status: job.publish ? 'published' : 'draft',
      sourceType: job.sourceType,
      metadata: job.metadata,
      maxArticles: job.maxArticles,
      atMost: articlesOfOneRun,
    });
    if (made.left > 0) return { kind: 'again' };
    await database.withTenant(tenantId, async (tx) => {
      await touchJob(tx, tenantId, jobId);
      if (made.leftOut > 0) await addNotes(tx, tenantId, jobId, [articleLimitNote]);
      await markPart(tx, tenantId, jobId, part, { status: 'done', articles: made.created, ...cost });
    });
    return { kind: 'settled' };
  };
}

/** The author of a job's articles: the API key that asked for the job. */
function actorOf(tenantId: string, job: Job): Actor {
  return {
    tenantId,
    keyId: job.apiKeyId,
    label: job.actorLabel,
    role: job.actorRole,
    ...(job.actorVia === null ? {} : { via: job.actorVia }),
  };
}
