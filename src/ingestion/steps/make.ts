import type { Actor } from '../../domain/actor.ts';
import type { JobRef, PartRef } from '../../domain/extract-content.ts';
import type { Made } from '../../domain/ingest-content.ts';
import type { Extraction } from '../../extraction/extraction.ts';
import type { Database } from '../../platform/postgres/database.ts';
import { articleLimitNote, type Job } from '../jobs/job.ts';
import { addNotes, touchJob } from '../jobs/job-status-store.ts';
import { findPart, markPart } from '../jobs/part-store.ts';
import { passageOf } from './extract.ts';
import type { FailedStep, OpenJobs } from './open-job.ts';

/** Makes the articles of the stored answer about a part, each once. */
export type MakeArticles = (ref: JobRef, part: PartRef) => Promise<Made | FailedStep>;

/** Creates the step that makes articles. */
export function createMakeArticles(deps: {
  readonly database: Pick<Database, 'withTenant'>;
  readonly openJob: OpenJobs;
  readonly extraction: Pick<Extraction, 'makeArticles'>;
}): MakeArticles {
  const { database, openJob, extraction } = deps;
  return async (ref, part) => {
    const { tenantId, jobId } = ref;
    const opened = await openJob(ref);
    if (opened.kind !== 'open') return opened;
    const before = await database.withTenant(tenantId, (tx) => findPart(tx, tenantId, jobId, part));
    if (before?.status !== 'extracted') return { kind: 'settled' };

    const { job, key } = opened;
    const made = await extraction.makeArticles({
      passage: passageOf(ref, part),
      key,
      actor: actorOf(tenantId, job),
      status: job.publish ? 'published' : 'draft',
      sourceType: job.sourceType,
      metadata: job.metadata,
      maxArticles: job.maxArticles,
    });
    await database.withTenant(tenantId, async (tx) => {
      await touchJob(tx, tenantId, jobId);
      if (made.leftOut > 0) await addNotes(tx, tenantId, jobId, [articleLimitNote]);
      await markPart(tx, tenantId, jobId, part, { status: 'done', articles: made.created });
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
