import type { JobStatus, PartRef } from '../../domain/extract-content.ts';
import type { Role } from '../../domain/roles.ts';

/** What a job was made from. */
export const sourceKinds = ['text', 'file', 'url'] as const;
export type SourceKind = (typeof sourceKinds)[number];

/** The states of a part. See the table for what they mean. */
export const partStatuses = ['waiting', 'extracted', 'cut', 'done', 'left_out', 'failed'] as const;
export type PartStatus = (typeof partStatuses)[number];

/** The note of a job whose last parts were left out, because it has as many articles as were asked for. */
export const articleLimitNote = 'article_limit_reached';

/** What a client asks for, but the document itself. */
export interface JobOptions {
  readonly sourceType: string;
  readonly publish: boolean;
  readonly maxArticles: number;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** An ingestion job as it is stored. Its address and title lie sealed with its text. */
export interface Job extends JobOptions {
  readonly id: string;
  readonly sourceKind: SourceKind;
  readonly contentHash: string;
  readonly apiKeyId: string | null;
  readonly actorLabel: string;
  readonly actorRole: Role;
  readonly actorVia: 'mcp' | null;
  readonly status: JobStatus;
  readonly attempt: number;
  readonly code: string | null;
  readonly nextAttemptAt: Date | null;
  readonly notes: readonly string[];
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly updatedAt: Date;
}

/** The progress of one part, or of a half of it. */
export interface PartProgress extends PartRef {
  readonly status: PartStatus;
  readonly code: string | null;
  readonly articles: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** The parts of a job in numbers. A part that goes on in its halves counts as these. */
export interface PartTotals {
  readonly parts: number;
  readonly done: number;
  readonly leftOut: number;
  readonly failed: number;
  readonly articles: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** A job with what is known of its parts. */
export interface JobWithTotals extends Job {
  readonly totals: PartTotals;
  /** Whether its document is still there, so that what failed can be asked for again. */
  readonly hasDocument: boolean;
}

/** Whether a status is one in which work goes on. */
export const isUnderWay = (status: JobStatus): boolean => status === 'queued' || status === 'running';
