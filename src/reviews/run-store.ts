import { z } from 'zod';
import type { ReviewStatus } from '../domain/extract-review.ts';
import type { Failure, FailureCode } from '../domain/failures.ts';
import type { Transaction } from '../platform/postgres/database.ts';

// What a run of ExtractReview writes on its review.

const now = (tx: Transaction) => tx.raw('clock_timestamp()');

/** Shows that a run is under way, or that it has found no key. */
export async function markBegun(
  tx: Transaction,
  tenantId: string,
  id: string,
  begun: 'running' | 'no_api_key',
): Promise<void> {
  await tx('reviews')
    .where({ tenant_id: tenantId, id })
    .update({
      status: begun === 'running' ? 'running' : 'blocked',
      code: begun === 'running' ? null : begun,
      next_attempt_at: null,
      updated_at: now(tx),
    });
}

/** Shows why a call has failed and when the next one may be made, if that is known. */
export async function markFailure(
  tx: Transaction,
  tenantId: string,
  id: string,
  { code, retryAfterMs, renewsAt }: Failure,
): Promise<void> {
  const after = tx.raw(`clock_timestamp() + ? * interval '1 millisecond'`, [retryAfterMs ?? 0]);
  await tx('reviews')
    .where({ tenant_id: tenantId, id, status: 'running' })
    .update({
      code,
      next_attempt_at: renewsAt ?? (retryAfterMs === undefined ? null : after),
      updated_at: now(tx),
    });
}

/** Stores the wrapped data key of a review, unless it has one. */
export async function keepWrappedKey(
  tx: Transaction,
  tenantId: string,
  id: string,
  wrapped: string,
): Promise<void> {
  await tx('reviews')
    .where({ tenant_id: tenantId, id })
    .whereNull('wrapped_key')
    .update({ wrapped_key: wrapped });
}

/** Remembers that the drafts of a passage are made, and that the run goes on. Safe to repeat. */
export async function markDrafted(
  tx: Transaction,
  tenantId: string,
  id: string,
  passage: number,
): Promise<void> {
  await tx.raw(
    `update reviews
        set drafted_passages = case when :passage = any(drafted_passages) then drafted_passages
                                    else array_append(drafted_passages, :passage::integer) end,
            code = null, next_attempt_at = null, updated_at = clock_timestamp()
      where tenant_id = :tenantId and id = :id`,
    { tenantId, id, passage },
  );
}

/** How a run leaves its review. */
export interface Ended {
  readonly status: Exclude<ReviewStatus, 'queued' | 'running'>;
  readonly code: FailureCode | null;
}

/**
 * Ends a run. A blocked review keeps the time at which its budget or quota is there again. A completed one forgets the data key of
 * its answers; the others need it for what is bought, if they are asked for again.
 */
export async function markEnded(
  tx: Transaction,
  tenantId: string,
  id: string,
  { status, code }: Ended,
): Promise<void> {
  await tx('reviews')
    .where({ tenant_id: tenantId, id })
    .update({
      status,
      code,
      updated_at: now(tx),
      ...(status === 'blocked' ? {} : { next_attempt_at: null, finished_at: now(tx) }),
      ...(status === 'completed' ? { wrapped_key: null } : {}),
    });
}

const ids = z.array(z.object({ id: z.string() })).transform((rows) => rows.map(({ id }) => id));

/**
 * Queues the tenant's blocked reviews, and ends the waits of those under way; returns some of all of them. Those under way are
 * included, because a run may just be finding that there is no key.
 */
export async function queueWaiting(tx: Transaction, tenantId: string, limit: number): Promise<string[]> {
  await tx('reviews')
    .where({ tenant_id: tenantId, status: 'blocked' })
    .update({ status: 'queued', code: null, next_attempt_at: null, updated_at: now(tx) });
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select id from reviews where tenant_id = :tenantId and status in ('queued', 'running')
      order by updated_at, id limit :limit`,
    { tenantId, limit },
  );
  return ids.parse(rows);
}

/** Nothing seems to work on a review. */
const idleSql = `status in ('queued', 'running') and updated_at < now() - :idleMs * interval '1 millisecond'
                     and (next_attempt_at is null or next_attempt_at < clock_timestamp())`;
/** What blocks a review is over. */
const dueSql = `status = 'blocked' and next_attempt_at < clock_timestamp()`;

/**
 * Lists some tenants with such reviews, at random, so that none is always behind the others. Each half has an index of its own: a
 * review that waits for a person is in neither, however many a tenant without a key has. In the scope of reconciliation.
 */
export async function listStuckTenants(tx: Transaction, idleMs: number, limit: number): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select tenant_id as id
       from (select tenant_id from reviews where ${idleSql} union select tenant_id from reviews where ${dueSql}) stuck
      order by random() limit :limit`,
    { idleMs, limit },
  );
  return ids.parse(rows);
}

/** Queues some of them, the oldest first; returns their ids. */
export async function queueStuck(
  tx: Transaction,
  tenantId: string,
  idleMs: number,
  limit: number,
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `update reviews
        set status = case when status = 'blocked' then 'queued' else status end,
            code = null, next_attempt_at = null, updated_at = clock_timestamp()
      where tenant_id = :tenantId and id in (
        select id from reviews where tenant_id = :tenantId and (${idleSql} or ${dueSql})
         order by updated_at limit :limit for update skip locked)
      returning id`,
    { tenantId, idleMs, limit },
  );
  return ids.parse(rows);
}
