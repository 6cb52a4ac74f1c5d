import { z } from 'zod';
import type { FailureCode } from '../../domain/failures.ts';
import type { Transaction } from '../../platform/postgres/database.ts';

/** Which articles are tried again: those that are blocked or failed, for one reason or for any. */
export interface RetriedArticles {
  readonly reason: FailureCode | undefined;
  /** The id after which the page begins. */
  readonly afterId: string | undefined;
  readonly limit: number;
}

/**
 * Makes a page of blocked or failed articles pending, in the order of their ids, as a retry of each would; returns their ids. The
 * client's API key pays from now on. The rows are locked in that order, so that two retries do not wait for each other in a circle.
 */
export async function markPageRetried(
  tx: Transaction,
  tenantId: string,
  apiKeyId: string | null,
  { reason, afterId, limit }: RetriedArticles,
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with page as (
       select article_id from article_embeddings
        where tenant_id = :tenantId and status in ('blocked', 'failed')
          and (:reason::text is null or reason = :reason)
          and (:afterId::uuid is null or article_id > :afterId::uuid)
        order by article_id limit :limit for update
     )
     update article_embeddings e
        set status = 'pending', reason = null, next_attempt_at = null, api_key_id = :apiKeyId, updated_at = clock_timestamp()
       from page
      where e.tenant_id = :tenantId and e.article_id = page.article_id
     returning e.article_id`,
    { tenantId, reason: reason ?? null, afterId: afterId ?? null, apiKeyId, limit },
  );
  return z
    .array(z.object({ article_id: z.string() }))
    .parse(rows)
    .map(({ article_id }) => article_id)
    .sort();
}
