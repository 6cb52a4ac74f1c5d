import { z } from 'zod';
import { embedArticleWorkflowId } from '../domain/naming.ts';
import type { Transaction } from '../platform/postgres.ts';
import type { EmbeddingState } from './ports.ts';

const stateRowSchema = z.object({
  article_id: z.string(),
  status: z.enum(['not_applicable', 'pending', 'embedded', 'blocked', 'failed']),
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
  status: 'pending' | 'not_applicable',
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
    readonly status: 'pending' | 'blocked' | 'failed';
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

/**
 * After a key or model has changed: every published article without vectors of the current model is pending again.
 * Answers how many there are.
 */
export async function markStale(tx: Transaction, tenantId: string, model: string): Promise<number> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `update article_embeddings e
        set status = 'pending', reason = null, next_attempt_at = null, updated_at = clock_timestamp()
      where e.tenant_id = :tenantId and e.status <> 'not_applicable'
        and not (e.status = 'embedded' and exists (
          select 1 from embedding_spaces s where s.tenant_id = e.tenant_id and s.id = e.space_id and s.model = :model))`,
    { tenantId, model },
  );
  return rowCount;
}

/** After the breaker was closed by hand: no article waits for it any longer. Answers how many did. */
export async function endBreakerWaits(tx: Transaction, tenantId: string): Promise<number> {
  return tx('article_embeddings')
    .where({ tenant_id: tenantId, status: 'pending', reason: 'circuit_open' })
    .update({ reason: null, next_attempt_at: null, updated_at: tx.raw('clock_timestamp()') });
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

/**
 * Articles of the tenant that wait for their vectors, in the order of their ids, after `afterId`. Blocked ones too: a
 * verdict on the old key or model may have been written after the new one had made them pending.
 */
export async function listWaiting(
  tx: Transaction,
  tenantId: string,
  afterId: string | undefined,
  limit: number,
): Promise<string[]> {
  const query = tx('article_embeddings')
    .where({ tenant_id: tenantId })
    .whereIn('status', ['pending', 'blocked']);
  if (afterId !== undefined) query.where('article_id', '>', afterId);
  const ids: unknown = await query.orderBy('article_id').limit(limit).pluck('article_id');
  return z.array(z.string()).parse(ids);
}

/** How many of the tenant's articles are pending, and how many of those come no later than `upToId`. */
export async function countPending(
  tx: Transaction,
  tenantId: string,
  upToId: string | undefined,
): Promise<{ readonly pending: number; readonly underWay: number }> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select count(*) as pending, count(*) filter (where :upToId::uuid is null or article_id <= :upToId::uuid) as under_way
       from article_embeddings where tenant_id = :tenantId and status = 'pending'`,
    { tenantId, upToId: upToId ?? null },
  );
  const [row] = z.tuple([z.object({ pending: z.coerce.number(), under_way: z.coerce.number() })]).parse(rows);
  return { pending: row.pending, underWay: row.under_way };
}

/** Whether some published article waits for its vectors, be it for a worker or for a person. */
export async function anyWaiting(tx: Transaction, tenantId: string): Promise<boolean> {
  const row: unknown = await tx('article_embeddings')
    .where({ tenant_id: tenantId })
    .whereIn('status', ['pending', 'blocked'])
    .first('article_id');
  return row !== undefined;
}

/**
 * Articles, of any tenant, that should have a workflow and seem to have none: pending ones whose state nothing has touched
 * for `idleMs`, with no attempt announced for later; and those that a budget of a month gone by has parked. None with an
 * outbox row on its way. For the scope of reconciliation.
 */
export async function listForgotten(
  tx: Transaction,
  idleMs: number,
  limit: number,
): Promise<{ readonly tenantId: string; readonly articleId: string }[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select e.tenant_id, e.article_id
       from article_embeddings e
      where ((e.status = 'pending'
              and e.updated_at < now() - :idleMs * interval '1 millisecond'
              and (e.next_attempt_at is null or e.next_attempt_at < clock_timestamp()))
          or (e.status = 'blocked' and e.reason = 'budget_exhausted'
              and not exists (select 1 from monthly_usage u
                               where u.tenant_id = e.tenant_id and u.exhausted_at is not null
                                 and u.month = date_trunc('month', now() at time zone 'UTC')::date)))
        and not exists (select 1 from outbox o
                         where o.tenant_id = e.tenant_id and o.kind = 'article' and o.subject_id = e.article_id)
      order by e.updated_at
      limit :limit`,
    { idleMs, limit },
  );
  return z
    .array(z.object({ tenant_id: z.string(), article_id: z.string() }))
    .parse(rows)
    .map((row) => ({ tenantId: row.tenant_id, articleId: row.article_id }));
}

/** The article is to be embedded from now on: the next sweep leaves it its chance. */
export async function markPendingAgain(tx: Transaction, tenantId: string, articleId: string): Promise<void> {
  await tx('article_embeddings')
    .where({ tenant_id: tenantId, article_id: articleId })
    .whereIn('status', ['pending', 'blocked'])
    .update({
      status: 'pending',
      reason: null,
      next_attempt_at: null,
      updated_at: tx.raw('clock_timestamp()'),
    });
}
