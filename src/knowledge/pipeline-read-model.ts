import { z } from 'zod';
import { type EmbeddingStatus, embeddingStatuses } from '../domain/embedding-status.ts';
import { type JobStatus, jobStatuses } from '../domain/extract-content.ts';
import { type ReviewStatus, reviewStatuses } from '../domain/extract-review.ts';
import type { Transaction } from '../platform/postgres/database.ts';

/** The kinds of background work. */
export const pipelineKinds = ['embedding', 'ingestion', 'review'] as const;
export type PipelineKind = (typeof pipelineKinds)[number];

/** The number of articles, jobs or reviews with each status. A status that none has may be absent. */
export interface PipelineCounts {
  readonly embedding: Readonly<Partial<Record<EmbeddingStatus, number>>>;
  readonly ingestion: Readonly<Partial<Record<JobStatus, number>>>;
  readonly review: Readonly<Partial<Record<ReviewStatus, number>>>;
}

/** An article, a job or a review that was given up, wholly or in part, and why. */
export interface PipelineFailure {
  readonly kind: PipelineKind;
  readonly id: string;
  /** A code of the failure table. */
  readonly reason: string | null;
  /** Calls for it that have failed since the last success. */
  readonly attempts: number;
  readonly failedAt: Date;
}

const countRows = <Status extends string>(statuses: readonly [Status, ...Status[]]) =>
  z
    .array(z.object({ status: z.enum(statuses), count: z.number() }))
    .transform((rows) => new Map(rows.map(({ status, count }) => [status, count] as const)));

/** Counts the tenant's work by kind and status. */
export async function countByStatus(tx: Transaction, tenantId: string): Promise<PipelineCounts> {
  const count = (table: string) =>
    tx.raw<{ rows: unknown[] }>(
      `select status, count(*)::int as count from ${table} where tenant_id = :tenantId group by status`,
      { tenantId },
    );
  const [embedding, ingestion, review] = await Promise.all([
    count('article_embeddings'),
    count('ingestion_jobs'),
    count('reviews'),
  ]);
  return {
    embedding: Object.fromEntries(countRows(embeddingStatuses).parse(embedding.rows)),
    ingestion: Object.fromEntries(countRows(jobStatuses).parse(ingestion.rows)),
    review: Object.fromEntries(countRows(reviewStatuses).parse(review.rows)),
  };
}

const failureRows = z.array(
  z.object({
    kind: z.enum(pipelineKinds),
    id: z.string(),
    reason: z.string().nullable(),
    failed_at: z.date(),
    attempts: z.number(),
  }),
);

/**
 * Lists what was given up last over all kinds, the newest first. Of each kind an index gives as many rows as are asked for, and only
 * those that are shown have their calls counted.
 */
export async function listFailures(
  tx: Transaction,
  tenantId: string,
  limit: number,
): Promise<PipelineFailure[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select f.kind, f.id, f.reason, f.failed_at,
            (select count(*)::int from provider_calls c
              where c.tenant_id = :tenantId and c.subject_id = f.id and c.outcome <> 'ok'
                and (f.succeeded_at is null or c.started_at > f.succeeded_at)) as attempts
       from (
         (select 'embedding' as kind, article_id as id, reason, updated_at as failed_at, embedded_at as succeeded_at
            from article_embeddings
           where tenant_id = :tenantId and status in ('blocked', 'failed')
           order by updated_at desc, article_id limit :limit)
         union all
         (select 'ingestion', id, code, updated_at, null
            from ingestion_jobs
           where tenant_id = :tenantId and status in ('partial', 'failed')
           order by updated_at desc, id limit :limit)
         union all
         (select 'review', id, code, updated_at, null
            from reviews
           where tenant_id = :tenantId and status in ('blocked', 'partial', 'failed')
           order by updated_at desc, id limit :limit)
         order by failed_at desc, id limit :limit
       ) f
      order by f.failed_at desc, f.id`,
    { tenantId, limit },
  );
  return failureRows.parse(rows).map(({ kind, id, reason, failed_at, attempts }) => ({
    kind,
    id,
    reason,
    attempts,
    failedAt: failed_at,
  }));
}
