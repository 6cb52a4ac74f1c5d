import type { JobStatus } from '../domain/extract-content.ts';
import type { InTransaction } from '../platform/http/route.ts';
import type { JobWithTotals } from './jobs/job.ts';
import type { TooMuch } from './queue-document.ts';

/** The result of a change to a job. */
export type JobChange =
  | { readonly kind: 'ok'; readonly job: JobWithTotals }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'not_allowed'; readonly status: JobStatus };

/** The result of a retry. */
export type JobRetry =
  | JobChange
  /** The document was deleted some days after the job had ended. */
  | { readonly kind: 'document_gone' }
  /** Another job makes articles of the same content. */
  | { readonly kind: 'same_under_way' }
  | { readonly kind: 'no_api_key' }
  | TooMuch;

/** Work in the transaction of a change. */
export type AfterJobChange = InTransaction<JobWithTotals>;
