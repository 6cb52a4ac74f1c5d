import { z } from 'zod';
import { type FailureCode, failureCodes } from '../domain/failures.ts';
import type { Transaction } from '../platform/postgres.ts';
import type { EmbeddingStatus } from './ports.ts';

/** Articles of one status for one reason. */
export interface StateCount {
  readonly status: EmbeddingStatus;
  readonly reason: FailureCode | null;
  readonly articles: number;
  /** The earliest attempt that is announced for one of them and still to come. */
  readonly nextAttemptAt: Date | null;
}

/** A space, and how much of the tenant's published articles it holds. */
export interface SpaceCount {
  readonly id: string;
  readonly model: string;
  readonly dimensions: number;
  readonly chunkerVersion: number;
  readonly serving: boolean;
  readonly createdAt: Date;
  /** Published articles whose current text is complete there. */
  readonly articles: number;
  /** The chunks of those texts. */
  readonly chunks: number;
}

const stateRow = z
  .object({
    status: z.enum(['not_applicable', 'pending', 'embedded', 'blocked', 'failed']),
    reason: z.enum(failureCodes).nullable(),
    articles: z.number(),
    next_attempt_at: z.date().nullable(),
  })
  .transform(({ next_attempt_at: nextAttemptAt, ...row }): StateCount => ({ ...row, nextAttemptAt }));

/** How many of the tenant's articles there are by status and reason: one reading of its narrow state rows. */
export async function countStates(tx: Transaction, tenantId: string): Promise<StateCount[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select status, reason, count(*)::int as articles,
            min(next_attempt_at) filter (where status = 'pending' and next_attempt_at > clock_timestamp()) as next_attempt_at
       from article_embeddings
      where tenant_id = :tenantId
      group by status, reason`,
    { tenantId },
  );
  return z.array(stateRow).parse(rows);
}

const spaceRow = z
  .object({
    id: z.string(),
    model: z.string(),
    dimensions: z.number(),
    chunker_version: z.number(),
    serving: z.boolean(),
    created_at: z.date(),
    articles: z.number(),
    chunks: z.number(),
  })
  .transform(
    ({ chunker_version: chunkerVersion, created_at: createdAt, ...row }): SpaceCount => ({
      ...row,
      chunkerVersion,
      createdAt,
    }),
  );

/**
 * The tenant's spaces, newest first, with what is complete in each: manifests of the articles' current texts.
 *
 * What lost: the states' counts by space, which a change of model empties while the old space still serves everything;
 * a join of manifests and articles, which compares each with each when the planner's statistics are older than an import.
 */
export async function countSpaces(tx: Transaction, tenantId: string): Promise<SpaceCount[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select s.id, s.model, s.dimensions, s.chunker_version, s.serving, s.created_at,
            coalesce(held.articles, 0) as articles, coalesce(held.chunks, 0) as chunks
       from embedding_spaces s
       left join (
         select m.space_id, count(*)::int as articles, sum(cardinality(m.chunk_hashes))::int as chunks
           from article_manifests m
          where m.tenant_id = :tenantId
            -- By the primary key; the offset keeps it from being made a join.
            and exists (select 1 from articles a
                         where a.tenant_id = m.tenant_id and a.id = m.article_id
                           and a.content_hash = m.content_hash and a.status = 'published' offset 0)
          group by m.space_id
       ) held on held.space_id = s.id
      where s.tenant_id = :tenantId
      order by s.created_at desc, s.id`,
    { tenantId },
  );
  return z.array(spaceRow).parse(rows);
}

/**
 * When the tenant last changed its embedding key or its settings, and whether some pending article is older than that: then
 * it waits because of the change. One that was written later waits for its own sake.
 */
export async function readLastChange(
  tx: Transaction,
  tenantId: string,
): Promise<{ readonly changedAt: Date | null; readonly olderArticleWaits: boolean }> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with change as (
       select greatest(
         (select updated_at from provider_keys where tenant_id = :tenantId and provider = 'embedding'),
         (select updated_at from llm_settings where tenant_id = :tenantId)) as changed_at
     )
     select changed_at,
            exists (select 1 from article_embeddings e
                      join articles a on a.tenant_id = e.tenant_id and a.id = e.article_id
                     where e.tenant_id = :tenantId and e.status = 'pending' and a.updated_at < changed_at) as older_waits
       from change`,
    { tenantId },
  );
  const [row] = z
    .tuple([z.object({ changed_at: z.date().nullable(), older_waits: z.boolean() })])
    .parse(rows);
  return { changedAt: row.changed_at, olderArticleWaits: row.older_waits };
}
