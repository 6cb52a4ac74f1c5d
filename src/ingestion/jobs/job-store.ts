import { z } from 'zod';
import { type JobStatus, jobStatuses } from '../../domain/extract-content.ts';
import { roles } from '../../domain/roles.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import { type Job, sourceKinds } from './job.ts';

const jobRow = z
  .object({
    id: z.string(),
    source_kind: z.enum(sourceKinds),
    content_hash: z.string(),
    source_type: z.string(),
    publish: z.boolean(),
    max_articles: z.number(),
    metadata: z.record(z.string(), z.unknown()),
    api_key_id: z.string().nullable(),
    actor_label: z.string(),
    actor_role: z.enum(roles),
    actor_via: z.literal('mcp').nullable(),
    status: z.enum(jobStatuses),
    attempt: z.number(),
    code: z.string().nullable(),
    next_attempt_at: z.date().nullable(),
    notes: z.array(z.string()),
    created_at: z.date(),
    started_at: z.date().nullable(),
    finished_at: z.date().nullable(),
    updated_at: z.date(),
  })
  .transform(
    (row): Job => ({
      id: row.id,
      sourceKind: row.source_kind,
      contentHash: row.content_hash,
      sourceType: row.source_type,
      publish: row.publish,
      maxArticles: row.max_articles,
      metadata: row.metadata,
      apiKeyId: row.api_key_id,
      actorLabel: row.actor_label,
      actorRole: row.actor_role,
      actorVia: row.actor_via,
      status: row.status,
      attempt: row.attempt,
      code: row.code,
      nextAttemptAt: row.next_attempt_at,
      notes: row.notes,
      createdAt: row.created_at,
      startedAt: row.started_at,
      finishedAt: row.finished_at,
      updatedAt: row.updated_at,
    }),
  );

const jobs = z.array(jobRow);
const underWay: readonly JobStatus[] = ['queued', 'running'];

/** A job that is to be inserted. */
export type NewJob = Pick<
  Job,
  'id' | 'sourceKind' | 'contentHash' | 'sourceType' | 'publish' | 'maxArticles' | 'metadata'
> &
  Pick<Job, 'apiKeyId' | 'actorLabel' | 'actorRole' | 'actorVia'> & { readonly sourceBytes: number };

/**
 * Inserts a job; undefined where one with the same content, source type and publication is under way. An insert of another
 * transaction is waited for, so that of two requests at the same time one finds the other's job.
 */
export async function insertJob(tx: Transaction, tenantId: string, job: NewJob): Promise<Job | undefined> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `insert into ingestion_jobs (tenant_id, id, source_kind, content_hash, source_bytes, source_type, publish, max_articles,
                                 metadata, api_key_id, actor_label, actor_role, actor_via)
     values (:tenantId, :id, :sourceKind, :contentHash, :sourceBytes, :sourceType, :publish, :maxArticles,
             :metadata::jsonb, :apiKeyId, :actorLabel, :actorRole, :actorVia)
     on conflict (tenant_id, content_hash, source_type, publish) where status in ('queued', 'running') do nothing
     returning *`,
    { tenantId, ...job, metadata: JSON.stringify(job.metadata) },
  );
  return jobs.parse(rows)[0];
}

/** The job of this content that is under way, or else, with `orCompleted`, the newest that has completed. */
export async function findSameJob(
  tx: Transaction,
  tenantId: string,
  { contentHash, sourceType, publish }: Pick<Job, 'contentHash' | 'sourceType' | 'publish'>,
  orCompleted: boolean,
): Promise<Job | undefined> {
  const found: unknown = await tx('ingestion_jobs')
    .where({ tenant_id: tenantId, content_hash: contentHash, source_type: sourceType, publish })
    .whereIn('status', orCompleted ? [...underWay, 'completed'] : [...underWay])
    .orderByRaw(`status = 'completed', created_at desc`)
    .limit(1);
  return jobs.parse(found)[0];
}

/** Finds a job. */
export async function findJob(tx: Transaction, tenantId: string, id: string): Promise<Job | undefined> {
  return jobs.parse(await tx('ingestion_jobs').where({ tenant_id: tenantId, id }))[0];
}

/** Finds a job and locks it until the transaction ends. */
export async function lockJob(tx: Transaction, tenantId: string, id: string): Promise<Job | undefined> {
  return jobs.parse(await tx('ingestion_jobs').where({ tenant_id: tenantId, id }).forUpdate())[0];
}

/** A filter of a list of jobs. */
export interface JobFilter {
  readonly status?: JobStatus | undefined;
  readonly sourceType?: string | undefined;
  readonly after?: JobPosition | undefined;
  readonly limit: number;
}

/** A position in the list. The time keeps its microseconds, which a Date would lose. */
export interface JobPosition {
  readonly at: string;
  readonly id: string;
}

const position = z
  .object({ at: z.string(), id: z.string() })
  .transform(({ at, id }): JobPosition => ({ at, id }));

/** Lists a page of the tenant's jobs, newest first, and one more than `limit` where there are more. */
export async function listJobs(
  tx: Transaction,
  tenantId: string,
  filter: JobFilter,
): Promise<{ readonly job: Job; readonly position: JobPosition }[]> {
  const query = tx('ingestion_jobs')
    .where({ tenant_id: tenantId })
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .limit(filter.limit + 1)
    .select('*', tx.raw(`to_char(created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`));
  if (filter.status !== undefined) query.where({ status: filter.status });
  if (filter.sourceType !== undefined) query.where({ source_type: filter.sourceType });
  if (filter.after !== undefined) {
    query.whereRaw('(created_at, id) < (?::timestamptz, ?::uuid)', [filter.after.at, filter.after.id]);
  }
  const rows = z.array(z.unknown()).parse(await query);
  return rows.map((row) => ({ job: jobRow.parse(row), position: position.parse(row) }));
}
