import { z } from 'zod';
import { type EmbeddingStatus, embeddingStatuses } from '../domain/embedding-status.ts';
import type { Transaction } from '../platform/postgres/database.ts';

/** An article that was given up, and why. */
export interface EmbeddingFailure {
  readonly articleId: string;
  /** A code of the failure table. */
  readonly reason: string | null;
  /** Calls for it that have failed since it was embedded last. */
  readonly attempts: number;
  readonly failedAt: Date;
}

/** Counts the tenant's articles by embedding status. */
export async function countByStatus(
  tx: Transaction,
  tenantId: string,
): Promise<Readonly<Partial<Record<EmbeddingStatus, number>>>> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select status, count(*)::int as count from article_embeddings where tenant_id = :tenantId group by status`,
    { tenantId },
  );
  const counts = z.array(z.object({ status: z.enum(embeddingStatuses), count: z.number() })).parse(rows);
  return Object.fromEntries(counts.map(({ status, count }) => [status, count]));
}

/** Lists the articles that were given up last, the newest first. */
export async function listFailures(
  tx: Transaction,
  tenantId: string,
  limit: number,
): Promise<EmbeddingFailure[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select e.article_id, e.reason, e.updated_at,
            (select count(*)::int from provider_calls c
              where c.tenant_id = e.tenant_id and c.subject_id = e.article_id and c.outcome <> 'ok'
                and (e.embedded_at is null or c.started_at > e.embedded_at)) as attempts
       from (select * from article_embeddings
              where tenant_id = :tenantId and status in ('blocked', 'failed')
              order by updated_at desc, article_id limit :limit) e
      order by e.updated_at desc, e.article_id`,
    { tenantId, limit },
  );
  return z
    .array(
      z.object({
        article_id: z.string(),
        reason: z.string().nullable(),
        updated_at: z.date(),
        attempts: z.number(),
      }),
    )
    .parse(rows)
    .map((row) => ({
      articleId: row.article_id,
      reason: row.reason,
      attempts: row.attempts,
      failedAt: row.updated_at,
    }));
}
