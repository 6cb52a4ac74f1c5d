import type { Extraction, MadeArticles } from '../extraction/extraction.ts';
import type { Database } from '../platform/postgres/database.ts';
import { type CancelJob, createCancelJob } from './cancel-job.ts';
import type { JobWithTotals, PartProgress } from './jobs/job.ts';
import { findJob, type JobFilter, type JobPosition, listJobs } from './jobs/job-store.ts';
import { listParts } from './jobs/part-store.ts';
import { withTotals, withTotalsOf } from './jobs/with-totals.ts';
import { createQueueDocument, type QueueDocument } from './queue-document.ts';
import { createRetryJob, type RetryJob } from './retry-job.ts';

/** A job with everything that is known of it. */
export interface JobDetails {
  readonly job: JobWithTotals;
  readonly parts: readonly PartProgress[];
  readonly made: MadeArticles;
}

/** A page of a list. */
export interface JobPage {
  readonly jobs: readonly JobWithTotals[];
  /** The position after which the next page begins; absent on the last page. */
  readonly next?: JobPosition;
}

/** The making of articles from documents. */
export interface Ingestion {
  readonly queue: QueueDocument;
  /** Reads one job of the tenant; undefined when there is none with this id. */
  get(tenantId: string, id: string): Promise<JobDetails | undefined>;
  /** Lists a page of the tenant's jobs, newest first. */
  list(tenantId: string, filter: JobFilter): Promise<JobPage>;
  readonly cancel: CancelJob;
  readonly retry: RetryJob;
}

export type IngestionDeps = Parameters<typeof createQueueDocument>[0] &
  Parameters<typeof createCancelJob>[0] &
  Parameters<typeof createRetryJob>[0] & {
    readonly database: Database;
    readonly extraction: Pick<Extraction, 'articlesOf'>;
  };

/** Creates the service of ingestion. */
export function createIngestionService(deps: IngestionDeps): Ingestion {
  const { database, extraction } = deps;
  return {
    queue: createQueueDocument(deps),
    cancel: createCancelJob(deps),
    retry: createRetryJob(deps),

    get: (tenantId, id) =>
      database.withTenant(tenantId, async (tx) => {
        const job = await findJob(tx, tenantId, id);
        if (job === undefined) return undefined;
        return {
          job: await withTotalsOf(tx, tenantId, job),
          parts: await listParts(tx, tenantId, id),
          made: await extraction.articlesOf(tx, { tenantId, kind: 'ingestion', id }),
        };
      }),

    list: (tenantId, filter) =>
      database.withTenant(tenantId, async (tx): Promise<JobPage> => {
        const found = await listJobs(tx, tenantId, filter);
        const page = found.slice(0, filter.limit);
        const jobs = await withTotals(
          tx,
          tenantId,
          page.map(({ job }) => job),
        );
        const last = page.at(-1);
        return found.length > page.length && last !== undefined ? { jobs, next: last.position } : { jobs };
      }),
  };
}
