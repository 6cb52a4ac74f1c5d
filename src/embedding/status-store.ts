import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/**
 * Sets the status after a write: `pending`, or `not_applicable` for an article that is not published. The API key is the
 * one that pays for the vectors.
 */
export async function upsertWrittenStatus(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  { status, apiKeyId }: { readonly status: 'pending' | 'not_applicable'; readonly apiKeyId: string | null },
): Promise<void> {
  await tx.prepared(
    `insert into article_embeddings (tenant_id, article_id, status, api_key_id) values ($1, $2, $3, $4)
     on conflict (tenant_id, article_id) do update
       set status = excluded.status, api_key_id = excluded.api_key_id, reason = null, next_attempt_at = null,
           updated_at = clock_timestamp()`,
    [tenantId, articleId, status, apiKeyId],
  );
}

/** The API key whose daily budget pays for the vectors of the article's current text; null where none does. */
export async function findPayingKey(
  tx: Transaction,
  tenantId: string,
  articleId: string,
): Promise<string | null> {
  const row: unknown = await tx('article_embeddings')
    .where({ tenant_id: tenantId, article_id: articleId })
    .first('api_key_id');
  return z.object({ api_key_id: z.string().nullable() }).optional().parse(row)?.api_key_id ?? null;
}

/** A chunk that the provider refuses alone, and the heading that it stands under. */
export interface RejectedChunk {
  readonly hash: string;
  readonly heading: string;
}

/** Rejected chunks that are shown with an article. Of more than these, a person has to look at the text as a whole. */
const maxShown = 20;

const rejectedColumns = (rejected: readonly RejectedChunk[]) => ({
  rejected_hashes: rejected.map(({ hash }) => hash),
  rejected_chunks: JSON.stringify(rejected.slice(0, maxShown).map(({ heading }) => ({ heading }))),
});

/**
 * Marks the article as embedded: its vectors are complete for its text of this hash. With rejected chunks it is embedded in part.
 */
export async function markEmbedded(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  done: {
    readonly spaceId: string;
    readonly chunks: number;
    readonly contentHash: string;
    readonly rejected: readonly RejectedChunk[];
  },
): Promise<void> {
  await tx('article_embeddings')
    .where({ tenant_id: tenantId, article_id: articleId })
    .update({
      status: done.rejected.length > 0 ? 'partial' : 'embedded',
      ...rejectedColumns(done.rejected),
      reason: null,
      space_id: done.spaceId,
      chunks: done.chunks,
      content_hash: done.contentHash,
      embedded_at: tx.raw('clock_timestamp()'),
      next_attempt_at: null,
      updated_at: tx.raw('clock_timestamp()'),
    });
}

/** Records which chunks the provider refuses alone, of an article of which it takes none. */
export async function noteRejected(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  rejected: readonly RejectedChunk[],
): Promise<void> {
  await tx('article_embeddings')
    .where({ tenant_id: tenantId, article_id: articleId })
    .update(rejectedColumns(rejected));
}

/** Lists the chunks that were rejected when the articles were embedded last. */
export async function listRejectedHashes(
  tx: Transaction,
  tenantId: string,
  articleIds: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select distinct unnest(rejected_hashes) as hash from article_embeddings
      where tenant_id = :tenantId and article_id = any(:articleIds::uuid[])`,
    { tenantId, articleIds: [...articleIds] },
  );
  return z
    .array(z.object({ hash: z.string() }))
    .parse(rows)
    .map(({ hash }) => hash);
}

/**
 * Records why a published article is not embedded, and when or in how many milliseconds it is tried again, if that is known.
 */
export async function markNotEmbedded(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  why: {
    readonly status: 'pending' | 'blocked' | 'failed';
    readonly reason: string;
    readonly nextAttemptInMs?: number;
    readonly nextAttemptAt?: Date;
  },
): Promise<void> {
  await tx('article_embeddings')
    .where({ tenant_id: tenantId, article_id: articleId })
    // Except for an article that became a draft or was archived while the call was under way.
    .whereNot({ status: 'not_applicable' })
    .update({
      status: why.status,
      reason: why.reason,
      next_attempt_at:
        why.nextAttemptInMs === undefined
          ? (why.nextAttemptAt ?? null)
          : tx.raw(`clock_timestamp() + ? * interval '1 millisecond'`, [why.nextAttemptInMs]),
      updated_at: tx.raw('clock_timestamp()'),
    });
}

/**
 * Marks an article that is not embedded as pending, whatever stopped it, because a client asks for one more try. The client's API
 * key pays from now on.
 */
export async function markRetried(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  apiKeyId: string | null,
): Promise<void> {
  await tx('article_embeddings')
    .where({ tenant_id: tenantId, article_id: articleId })
    .whereNotIn('status', ['embedded', 'not_applicable'])
    .update({
      status: 'pending',
      api_key_id: apiKeyId,
      reason: null,
      next_attempt_at: null,
      updated_at: tx.raw('clock_timestamp()'),
    });
}

/**
 * Locks the article's state until the transaction ends. A change of model marks states as stale, so it comes wholly
 * before or wholly after a transaction that reads the model under this lock.
 */
export async function lockStatus(tx: Transaction, tenantId: string, articleId: string): Promise<void> {
  await tx('article_embeddings')
    .where({ tenant_id: tenantId, article_id: articleId })
    .forUpdate()
    .first('article_id');
}
