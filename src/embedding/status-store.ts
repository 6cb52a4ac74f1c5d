import { z } from 'zod';
import { type EmbeddingStatus, embeddingStatuses } from '../domain/embedding-status.ts';
import { embedArticleWorkflowId } from '../domain/temporal-names.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { EmbeddingState } from './article-embeddings.ts';

const stateRowSchema = z.object({
  article_id: z.string(),
  status: z.enum(embeddingStatuses),
  reason: z.string().nullable(),
  model: z.string().nullable(),
  dimensions: z.number().nullable(),
  chunks: z.number().nullable(),
  content_hash: z.string().nullable(),
  embedded_at: z.date().nullable(),
  next_attempt_at: z.date().nullable(),
});

/** The embedding states of these articles, by article id. */
export async function readStates(
  tx: Transaction,
  tenantId: string,
  articleIds: readonly string[],
): Promise<Map<string, EmbeddingState>> {
  const rows: unknown = await tx('article_embeddings as e')
    .leftJoin('embedding_spaces as s', (join) => {
      join.on('s.tenant_id', 'e.tenant_id').andOn('s.id', 'e.space_id');
    })
    .where('e.tenant_id', tenantId)
    .whereIn('e.article_id', [...articleIds])
    .select('e.article_id', 'e.status', 'e.reason', 's.model', 's.dimensions', 'e.chunks', 'e.content_hash')
    .select('e.embedded_at', 'e.next_attempt_at');
  return new Map(
    z
      .array(stateRowSchema)
      .parse(rows)
      .map((row) => [
        row.article_id,
        {
          status: row.status,
          reason: row.reason,
          model: row.model,
          dimensions: row.dimensions,
          chunks: row.chunks,
          contentHash: row.content_hash,
          embeddedAt: row.embedded_at,
          nextAttemptAt: row.next_attempt_at,
          workflowId: embedArticleWorkflowId(tenantId, row.article_id),
        },
      ]),
  );
}

/** The state after a write: to be embedded, or not applicable while nobody can find it. */
export async function upsertWrittenState(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  status: Extract<EmbeddingStatus, 'pending' | 'not_applicable'>,
): Promise<void> {
  await tx('article_embeddings')
    .insert({ tenant_id: tenantId, article_id: articleId, status })
    .onConflict(['tenant_id', 'article_id'])
    .merge({ status, reason: null, next_attempt_at: null, updated_at: tx.raw('clock_timestamp()') });
}

/** The article's vectors are complete for its text of this hash. */
export async function markEmbedded(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  done: { readonly spaceId: string; readonly chunks: number; readonly contentHash: string },
): Promise<void> {
  await tx('article_embeddings')
    .where({ tenant_id: tenantId, article_id: articleId })
    .update({
      status: 'embedded',
      reason: null,
      space_id: done.spaceId,
      chunks: done.chunks,
      content_hash: done.contentHash,
      embedded_at: tx.raw('clock_timestamp()'),
      next_attempt_at: null,
      updated_at: tx.raw('clock_timestamp()'),
    });
}

/** Why a published article is not embedded, and when it is tried again where that is known. */
export async function markNotEmbedded(
  tx: Transaction,
  tenantId: string,
  articleId: string,
  why: {
    readonly status: Extract<EmbeddingStatus, 'pending' | 'blocked' | 'failed'>;
    readonly reason: string;
    readonly nextAttemptInMs?: number;
  },
): Promise<void> {
  await tx('article_embeddings')
    .where({ tenant_id: tenantId, article_id: articleId })
    // A draft or archived article has nothing to be told: it became one while the call was under way.
    .whereNot({ status: 'not_applicable' })
    .update({
      status: why.status,
      reason: why.reason,
      next_attempt_at:
        why.nextAttemptInMs === undefined
          ? null
          : tx.raw(`clock_timestamp() + ? * interval '1 millisecond'`, [why.nextAttemptInMs]),
      updated_at: tx.raw('clock_timestamp()'),
    });
}

/** Somebody wants one more try: what is not embedded is pending again, whatever stopped it. */
export async function markRetried(tx: Transaction, tenantId: string, articleId: string): Promise<void> {
  await tx('article_embeddings')
    .where({ tenant_id: tenantId, article_id: articleId })
    .whereNotIn('status', ['embedded', 'not_applicable'])
    .update({
      status: 'pending',
      reason: null,
      next_attempt_at: null,
      updated_at: tx.raw('clock_timestamp()'),
    });
}

/**
 * Holds the article's state until the transaction ends. A change of model marks states stale, and so comes wholly before
 * or wholly after whoever reads the model under this lock.
 */
export async function lockState(tx: Transaction, tenantId: string, articleId: string): Promise<void> {
  await tx('article_embeddings')
    .where({ tenant_id: tenantId, article_id: articleId })
    .forUpdate()
    .first('article_id');
}
