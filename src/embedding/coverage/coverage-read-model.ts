import { z } from 'zod';
import { type EmbeddingStatus, embeddingStatuses } from '../../domain/embedding-status.ts';
import { type FailureCode, failureCodes } from '../../domain/failures.ts';
import type { Transaction } from '../../platform/postgres/database.ts';

/** Articles of one status for one reason. */
export interface StateCount {
  readonly status: EmbeddingStatus;
  readonly reason: FailureCode | null;
  readonly articles: number;
  /** The earliest attempt, still to come, that is announced for one of them. */
  readonly nextAttemptAt: Date | null;
}

/** How many of the tenant's published articles are complete in a space. */
export interface SpaceCount {
  readonly spaceId: string;
  /** Published articles whose current text has all of its vectors there. */
  readonly articles: number;
  /** The chunks of those texts. */
  readonly chunks: number;
}

const stateRow = z
  .object({
    status: z.enum(embeddingStatuses),
    reason: z.enum(failureCodes).nullable(),
    articles: z.number(),
    next_attempt_at: z.date().nullable(),
  })
  .transform(({ next_attempt_at: nextAttemptAt, ...row }): StateCount => ({ ...row, nextAttemptAt }));

/** Counts the tenant's articles by status and reason, in one pass over its narrow state rows. */
export async function countStates(tx: Transaction, tenantId: string): Promise<StateCount[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select status, reason, count(*)::int as articles,
            min(next_attempt_at) filter (where next_attempt_at > clock_timestamp()) as next_attempt_at
       from article_embeddings
      where tenant_id = :tenantId
      group by status, reason`,
    { tenantId },
  );
  return z.array(stateRow).parse(rows);
}

const spaceRow = z
  .object({ space_id: z.string(), articles: z.number(), chunks: z.number() })
  .transform(({ space_id: spaceId, ...row }): SpaceCount => ({ spaceId, ...row }));

/**
 * Counts what is complete in each of the tenant's spaces; an empty space is absent.
 *
 * An article that is embedded in a space is complete there, which is counted from the narrow state rows. The other
 * spaces of such an article, and all spaces of one that waits, are looked up one by one, by primary keys: an article is
 * complete where there is a manifest of its current text. Alternatives that lost: looking up all, ten times slower
 * where a tenant has one space; a join, which compares each with each when the planner's statistics are older than an
 * import; the states alone, which a change of model empties while the old space still serves everything.
 */
export async function countSpaces(tx: Transaction, tenantId: string): Promise<SpaceCount[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with held as (
       select space_id, count(*) as articles, sum(chunks) as chunks
         from article_embeddings
        where tenant_id = :tenantId and status in ('embedded', 'partial')
        group by space_id
       union all
       select space_id, count(*), sum(chunks)
         from (
           select s.id as space_id,
                  (select cardinality(m.chunk_hashes)
                     from article_manifests m
                    where m.tenant_id = e.tenant_id and m.space_id = s.id and m.article_id = e.article_id
                      and m.content_hash = (select a.content_hash from articles a
                                             where a.tenant_id = e.tenant_id and a.id = e.article_id)) as chunks
             from embedding_spaces s
             join article_embeddings e
               on e.tenant_id = s.tenant_id and e.status in ('pending', 'embedded', 'partial', 'blocked', 'failed')
              and not (e.status in ('embedded', 'partial') and e.space_id is not distinct from s.id)
            where s.tenant_id = :tenantId
           -- Looked up once, not once more for the condition below.
           offset 0
         ) looked_up
        where chunks is not null
        group by space_id
     )
     select space_id, sum(articles)::int as articles, sum(chunks)::int as chunks
       from held
      where space_id is not null
      group by space_id`,
    { tenantId },
  );
  return z.array(spaceRow).parse(rows);
}

/**
 * Reads when the tenant last changed its embedding key or its settings, and whether a pending article is older than
 * that. Such an article waits because of the change. An article that was written later waits for its own workflow.
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
