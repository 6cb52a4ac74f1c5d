import { z } from 'zod';
import type { Actor } from '../domain/actor.ts';
import { type ReviewStatus, reviewStatuses } from '../domain/extract-review.ts';
import { failureCodes } from '../domain/failures.ts';
import { roles } from '../domain/roles.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { ListedReview, NewReview, Review } from './review.ts';

const listedRow = z.object({
  id: z.string(),
  review_type: z.string(),
  summary: z.string(),
  status: z.enum(reviewStatuses),
  code: z.enum(failureCodes).nullable(),
  next_attempt_at: z.date().nullable(),
  finished_at: z.date().nullable(),
  created_at: z.date(),
});

const findingShape = z.object({
  title: z.string(),
  body: z.string(),
  severity: z.string().optional(),
  resolution: z.string().optional(),
});

const wholeRow = listedRow.extend({
  tenant_id: z.string(),
  findings: z.array(findingShape),
  api_key_id: z.string().nullable(),
  actor_label: z.string(),
  actor_role: z.enum(roles),
  actor_via: z.literal('mcp').nullable(),
  wrapped_key: z.string().nullable(),
  drafted_passages: z.array(z.number()),
});

const toListed = (row: z.output<typeof listedRow>): ListedReview => ({
  id: row.id,
  reviewType: row.review_type,
  summary: row.summary,
  status: row.status,
  code: row.code,
  nextAttemptAt: row.next_attempt_at,
  finishedAt: row.finished_at,
  createdAt: row.created_at,
});

const toReview = (row: z.output<typeof wholeRow>): Review => ({
  ...toListed(row),
  findings: row.findings,
  actor: {
    tenantId: row.tenant_id,
    keyId: row.api_key_id,
    label: row.actor_label,
    role: row.actor_role,
    ...(row.actor_via === null ? {} : { via: row.actor_via }),
  },
  wrappedKey: row.wrapped_key,
  draftedPassages: row.drafted_passages,
});

const listedColumns = Object.keys(listedRow.shape);
const columns = Object.keys(wholeRow.shape);

const actorColumns = (actor: Actor) => ({
  api_key_id: actor.keyId,
  actor_label: actor.label,
  actor_role: actor.role,
  actor_via: actor.via ?? null,
});

/** A review waits for its workflow, or for a person who sets a key. */
const statusColumns = (hasKey: boolean) =>
  hasKey ? { status: 'queued', code: null } : { status: 'blocked', code: 'no_api_key' };

/** Who asks for the drafts of a review, and whether the tenant has a key for them. */
export interface AskedFor {
  readonly actor: Actor;
  readonly hasKey: boolean;
}

/** Inserts a review. */
export async function insertReview(
  tx: Transaction,
  tenantId: string,
  id: string,
  review: NewReview,
  by: AskedFor,
): Promise<Review> {
  const inserted: unknown = await tx('reviews')
    .insert({
      tenant_id: tenantId,
      id,
      review_type: review.reviewType,
      summary: review.summary,
      findings: JSON.stringify(review.findings),
      ...actorColumns(by.actor),
      ...statusColumns(by.hasKey),
    })
    .returning(columns);
  return toReview(z.tuple([wholeRow]).parse(inserted)[0]);
}

/** Finds a review of the tenant; undefined when there is none with this id. */
export async function findReview(tx: Transaction, tenantId: string, id: string): Promise<Review | undefined> {
  const found: unknown = await tx('reviews').where({ tenant_id: tenantId, id }).first(columns);
  return found === undefined ? undefined : toReview(wholeRow.parse(found));
}

/** The same, locked until the transaction ends, so that changes come one after the other. */
export async function lockReview(tx: Transaction, tenantId: string, id: string): Promise<Review | undefined> {
  const found: unknown = await tx('reviews').where({ tenant_id: tenantId, id }).forUpdate().first(columns);
  return found === undefined ? undefined : toReview(wholeRow.parse(found));
}

/** A page of the list. */
export interface ReviewPage {
  readonly status: ReviewStatus | undefined;
  readonly afterId: string | undefined;
  readonly limit: number;
}

/** Lists the tenant's reviews, the newest first. No review is deleted, so an id is a position in the list. */
export async function listReviews(
  tx: Transaction,
  tenantId: string,
  { status, afterId, limit }: ReviewPage,
): Promise<ListedReview[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select ${listedColumns.join(', ')} from reviews
      where tenant_id = :tenantId and (:status::text is null or status = :status)
        and (:afterId::uuid is null or (created_at, id) < (
              select created_at, id from reviews where tenant_id = :tenantId and id = :afterId::uuid))
      order by created_at desc, id desc limit :limit`,
    { tenantId, status: status ?? null, afterId: afterId ?? null, limit },
  );
  return z.array(listedRow).parse(rows).map(toListed);
}

/** Queues a review once more. Who asks for it now is the author of the drafts that come, and pays for them. */
export async function queueAgain(
  tx: Transaction,
  tenantId: string,
  id: string,
  by: AskedFor,
): Promise<Review> {
  const updated: unknown = await tx('reviews')
    .where({ tenant_id: tenantId, id })
    .update({
      ...actorColumns(by.actor),
      ...statusColumns(by.hasKey),
      next_attempt_at: null,
      finished_at: null,
      updated_at: tx.raw('clock_timestamp()'),
    })
    .returning(columns);
  return toReview(z.tuple([wholeRow]).parse(updated)[0]);
}
