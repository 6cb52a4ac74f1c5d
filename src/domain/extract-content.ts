import type { FailureCode } from './failures.ts';

// The payloads between the workflows of ingestion, reviews and classification and their activities: ids, numbers and codes; no
// text, no title, no address, no key.

/** The ingestion job of a run. */
export interface JobRef {
  readonly tenantId: string;
  readonly jobId: string;
}

/** The review of a run. */
export interface ReviewRef {
  readonly tenantId: string;
  readonly reviewId: string;
}

/** The statuses of an ingestion job and of a review. */
export const jobStatuses = ['queued', 'running', 'completed', 'partial', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** A part of a document, from 0. A part whose answer was cut off is asked for again in halves, 1 and 2. */
export interface PartRef {
  readonly part: number;
  readonly half: 0 | 1 | 2;
}

/** How a run ended. */
export interface ExtractionResult {
  readonly outcome: Exclude<JobStatus, 'queued' | 'running'> | 'gone';
  readonly reason?: FailureCode;
  readonly parts?: number;
  readonly articles?: number;
}
