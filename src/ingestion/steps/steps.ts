import type { JobRef, PartRef } from '../../domain/extract-content.ts';
import type { FailureCode } from '../../domain/failures.ts';
import type { Busy } from '../../domain/ingest-content.ts';
import type { Database } from '../../platform/postgres/database.ts';
import type { Share } from '../../platform/shares/share.ts';
import { markWaiting } from '../jobs/job-status-store.ts';
import { createExtractPart, type ExtractPart } from './extract.ts';
import { createFinishJob, type FinishJob } from './finish.ts';
import { createMakeArticles, createMakeOpened, type MakeArticles } from './make.ts';
import { createOpenJobs } from './open-job.ts';
import { createPrepareDocument, type PrepareDocument } from './prepare.ts';

/** The steps of the IngestContent workflow. Each may be repeated: what is stored is found again, and nothing is bought twice. */
export interface IngestionSteps {
  readonly prepare: PrepareDocument;
  readonly extract: ExtractPart;
  readonly make: MakeArticles;
  /** Shows on the job why it waits, and until when. */
  showWait(ref: JobRef, wait: { readonly code: FailureCode; readonly inMs: number }): Promise<void>;
  readonly finish: FinishJob;
}

export type IngestionStepsDeps = Omit<
  Parameters<typeof createPrepareDocument>[0] &
    Parameters<typeof createExtractPart>[0] &
    Parameters<typeof createMakeArticles>[0] &
    Parameters<typeof createFinishJob>[0] &
    Parameters<typeof createOpenJobs>[0],
  'openJob' | 'makeOpened'
> & {
  readonly database: Database;
  /** The slots of a worker for work that waits for strangers: pages, models, vectors. */
  readonly slots: Pick<Share, 'acquire'>;
};

/** When a step that found no slot is worth another try, for the first time. */
const retryInMs = 1_000;

/**
 * Creates the steps. Those that wait for a stranger take one of the tenant's slots, as the calls for its vectors do: a tenant with
 * many documents, slow pages or a slow model holds up its own work only.
 */
export function createIngestionSteps(deps: IngestionStepsDeps): IngestionSteps {
  const { database, slots } = deps;
  const openJob = createOpenJobs(deps);
  const prepare = createPrepareDocument({ ...deps, openJob });
  const extract = createExtractPart({ ...deps, openJob, makeOpened: createMakeOpened(deps) });
  const make = createMakeArticles({ ...deps, openJob });

  const inSlot = async <T>(tenantId: string, step: () => Promise<T>): Promise<T | Busy> => {
    const release = await slots.acquire(tenantId);
    if (release === 'busy') return { kind: 'busy', retryInMs };
    try {
      return await step();
    } finally {
      release();
    }
  };

  return {
    prepare: (ref) => inSlot(ref.tenantId, () => prepare(ref)),
    extract: (ref: JobRef, part: PartRef) => inSlot(ref.tenantId, () => extract(ref, part)),
    make: (ref: JobRef, part: PartRef) => inSlot(ref.tenantId, () => make(ref, part)),
    showWait: ({ tenantId, jobId }, wait) =>
      database.withTenant(tenantId, (tx) => markWaiting(tx, tenantId, jobId, wait)),
    finish: createFinishJob(deps),
  };
}
