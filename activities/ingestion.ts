import type { JobRef, PartRef } from '../src/domain/extract-content.ts';
import type { FailureCode } from '../src/domain/failures.ts';
import type { Extracted, Finished, Made, Prepared } from '../src/domain/ingest-content.ts';
import type { IngestionSteps } from '../src/ingestion/steps/steps.ts';
import { orThrow } from './or-throw.ts';

/** The services behind the activities of the ingestion of documents. */
export interface IngestionDeps {
  readonly ingestionSteps: IngestionSteps;
}

/** The activities of the ingestion of documents. */
export interface IngestionActivities {
  /** Brings the document to parts: fetches, reads and divides it, unless that is done. Lists the parts that are left. */
  prepareDocument(input: JobRef): Promise<Prepared>;
  /** Buys the answer about one part, or half of one, unless it is stored. */
  extractPart(input: JobRef & PartRef): Promise<Extracted>;
  /** Makes the articles of a stored answer, each once. */
  makeArticles(input: JobRef & PartRef): Promise<Made>;
  /** Shows on the job why it waits, and until when. */
  showJobWait(input: JobRef & { readonly code: FailureCode; readonly inMs: number }): Promise<void>;
  /** Ends the job: its status follows from its parts, and from the code of a failure that concerns all of them. */
  finishJob(input: JobRef & { readonly attempt?: number; readonly code?: FailureCode }): Promise<Finished>;
}

/** Creates the activities of the ingestion of documents. */
export function createIngestionActivities({ ingestionSteps }: IngestionDeps): IngestionActivities {
  return {
    prepareDocument: async ({ tenantId, jobId }) =>
      orThrow<Prepared>(await ingestionSteps.prepare({ tenantId, jobId })),
    extractPart: async ({ tenantId, jobId, part, half }) =>
      orThrow<Extracted>(await ingestionSteps.extract({ tenantId, jobId }, { part, half })),
    makeArticles: async ({ tenantId, jobId, part, half }) =>
      orThrow<Made>(await ingestionSteps.make({ tenantId, jobId }, { part, half })),
    showJobWait: ({ tenantId, jobId, code, inMs }) =>
      ingestionSteps.showWait({ tenantId, jobId }, { code, inMs }),
    finishJob: ({ tenantId, jobId, ...end }) => ingestionSteps.finish({ tenantId, jobId }, end),
  };
}
