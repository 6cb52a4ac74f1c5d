import { randomUUID } from 'node:crypto';
import type { Audit } from '../audit/service.ts';
import type { Actor } from '../domain/actor.ts';
import type { ReviewStatus } from '../domain/extract-review.ts';
import type { Extraction } from '../extraction/extraction.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { InTransaction } from '../platform/http/route.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Limits } from '../providers/limits/limits.ts';
import { readDrafts } from './drafts-read-model.ts';
import type { Drafts, ListedReview, NewReview, Review } from './review.ts';
import { findReview, insertReview, listReviews, lockReview, queueAgain, type ReviewPage } from './store.ts';

/** A review and what was made of it. */
export interface WithDrafts<R> {
  readonly review: R;
  readonly drafts: Drafts;
}

export type RetriedReview =
  | ({ readonly kind: 'ok' } & WithDrafts<Review>)
  | { readonly kind: 'not_found' }
  /** Its drafts are made, or are being made. */
  | { readonly kind: 'not_allowed'; readonly status: ReviewStatus };

/** The finished reviews of tenants. */
export interface Reviews {
  /**
   * Records a review and requests its workflow, in one transaction. Never waits for a key, a provider, Vault or Temporal: without
   * a key the review is blocked until one comes.
   */
  create(
    actor: Actor,
    review: NewReview,
    afterWrite?: InTransaction<WithDrafts<Review>>,
  ): Promise<WithDrafts<Review>>;
  /** Reads a review of the tenant; undefined when there is none with this id. */
  get(tenantId: string, id: string): Promise<WithDrafts<Review> | undefined>;
  /** Lists a page of the tenant's reviews, the newest first. */
  list(tenantId: string, page: ReviewPage): Promise<WithDrafts<ListedReview>[]>;
  /** Requests what is missing of the drafts of a review that was given up; the passages with drafts are not bought again. */
  retry(actor: Actor, id: string, afterWrite?: InTransaction<WithDrafts<Review>>): Promise<RetriedReview>;
}

export interface ReviewServiceDeps {
  readonly database: Database;
  readonly audit: Audit;
  readonly outbox: Pick<Outbox, 'enqueue'>;
  readonly keys: Pick<ProviderKeys, 'find'>;
  readonly limits: Pick<Limits, 'allowProbe'>;
  readonly extraction: Pick<Extraction, 'reopen'>;
}

const retried: readonly ReviewStatus[] = ['blocked', 'partial', 'failed'];

/** Creates the service of reviews. */
export function createReviewService(deps: ReviewServiceDeps): Reviews {
  const { database, audit, outbox, keys, limits, extraction } = deps;

  const hasKey = async (tx: Transaction, tenantId: string) =>
    (await keys.find(tx, tenantId, 'anthropic')) !== undefined;
  const request = async (
    tx: Transaction,
    actor: Actor,
    review: Review,
    action: { readonly action: 'review.created' } | { readonly action: 'review.retried' },
  ) => {
    const subject = { kind: 'review', id: review.id };
    await audit.append(tx, actor, { ...action, subject, details: { findings: review.findings.length } });
    // Without a key, too: the run counts what is blocked, and finds a key that is being set at this moment.
    await outbox.enqueue(tx, { tenantId: actor.tenantId, kind: 'review', subjectId: review.id });
  };
  const withDrafts = async <R extends ListedReview>(tx: Transaction, tenantId: string, reviews: R[]) => {
    const draftsOf = await readDrafts(
      tx,
      tenantId,
      reviews.map(({ id }) => id),
    );
    return reviews.map((review): WithDrafts<R> => ({ review, drafts: draftsOf(review.id) }));
  };
  const withItsDrafts = async (tx: Transaction, tenantId: string, review: Review) => ({
    review,
    drafts: (await readDrafts(tx, tenantId, [review.id]))(review.id),
  });

  return {
    create: (actor, review, afterWrite) =>
      database.withTenant(actor.tenantId, async (tx) => {
        const by = { actor, hasKey: await hasKey(tx, actor.tenantId) };
        const inserted = await insertReview(tx, actor.tenantId, randomUUID(), review, by);
        await request(tx, actor, inserted, { action: 'review.created' });
        const created = { review: inserted, drafts: { articleIds: [], duplicates: 0, failed: 0 } };
        await afterWrite?.(tx, created);
        return created;
      }),

    get: (tenantId, id) =>
      database.withTenant(tenantId, async (tx) => {
        const review = await findReview(tx, tenantId, id);
        return review === undefined ? undefined : withItsDrafts(tx, tenantId, review);
      }),

    list: (tenantId, page) =>
      database.withTenant(tenantId, async (tx) =>
        withDrafts(tx, tenantId, await listReviews(tx, tenantId, page)),
      ),

    retry: (actor, id, afterWrite) =>
      database.withTenant(actor.tenantId, async (tx): Promise<RetriedReview> => {
        const { tenantId } = actor;
        const current = await lockReview(tx, tenantId, id);
        if (current === undefined) return { kind: 'not_found' };
        if (!retried.includes(current.status)) return { kind: 'not_allowed', status: current.status };
        const by = { actor, hasKey: await hasKey(tx, tenantId) };
        const review = await queueAgain(tx, tenantId, id, by);
        await request(tx, actor, review, { action: 'review.retried' });
        // What the model could not answer is asked again.
        await extraction.reopen(tx, { tenantId, kind: 'review', id });
        await limits.allowProbe(tx, tenantId, 'anthropic');
        const queued = await withItsDrafts(tx, tenantId, review);
        await afterWrite?.(tx, queued);
        return { kind: 'ok', ...queued };
      }),
  };
}
