import type { Audit } from '../audit/service.ts';
import { serviceActor } from '../domain/actor.ts';
import type { Waits } from '../domain/embed-article.ts';
import type { ReviewRef } from '../domain/extract-content.ts';
import {
  type DraftedPassage,
  type ExtractedPassage,
  type ExtractReviewResult,
  isOfPassage,
  type PreparedReview,
  type ReviewPart,
} from '../domain/extract-review.ts';
import { type Failure, type FailureCode, failureTraits } from '../domain/failures.ts';
import { reviewWaitMs } from '../domain/round-waits.ts';
import type { Extraction, Subject } from '../extraction/extraction.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Share } from '../platform/shares/share.ts';
import type { DataKeys } from '../platform/vault/data-keys.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import type { Usage } from '../usage/service.ts';
import { dividePassages, halvePassage } from './passages.ts';
import { maxDrafts, type Review } from './review.ts';
import { type Ended, keepWrappedKey, markBegun, markDrafted, markEnded, markFailure } from './run-store.ts';
import { findReview, lockReview } from './store.ts';

type Failed = { readonly kind: 'failed' } & Failure;

/** The steps of the ExtractReview walk, in the order in which the workflow runs them. Each may be repeated. */
export interface ExtractReviewSteps {
  /** Finds out which passages have no drafts yet, and makes the data key that seals their answers. */
  prepare(review: ReviewRef, tries: number): Promise<PreparedReview | Failed>;
  /** Buys the answer about a passage, unless it is bought already. `tries` counts the failures in a row before this try. */
  extract(part: ReviewPart, tries: number): Promise<ExtractedPassage | Failed>;
  /** Makes the drafts of a bought answer, each once. `isLast`: with them the whole passage is done. */
  draft(part: ReviewPart, isLast: boolean, tries: number): Promise<DraftedPassage | Failed>;
  /** Ends the run, with the code of what has failed, if anything. */
  finish(review: ReviewRef, code: FailureCode | undefined): Promise<ExtractReviewResult>;
}

export interface ExtractReviewDeps {
  readonly database: Database;
  readonly audit: Audit;
  readonly keys: Pick<ProviderKeys, 'find'>;
  readonly dataKeys: DataKeys;
  readonly extraction: Extraction;
  readonly blocked: BlockedOperations;
  readonly usage: Pick<Usage, 'recordSubject'>;
  /** The provider calls of this worker, divided among tenants. */
  readonly slots: Pick<Share, 'acquire'>;
}

/** When a call that found no slot, or whose answer another call is buying, is worth another try. */
const busyRetryMs = 1_000;

const subjectOf = ({ tenantId, reviewId }: ReviewRef): Subject => ({
  tenantId,
  kind: 'review',
  id: reviewId,
});

/** Creates the steps. */
export function createExtractReviewSteps(deps: ExtractReviewDeps): ExtractReviewSteps {
  const { database, audit, keys, dataKeys, extraction, blocked, usage, slots } = deps;

  /** Makes the workflow wait, and shows on the review why and until when; any other failure is the step's. */
  const waitOrFail = async (ref: ReviewRef, failed: Failed, tries: number): Promise<Waits | Failed> => {
    const { tenantId, reviewId } = ref;
    const { code, called } = failed;
    const retryInMs = reviewWaitMs(failed, tries);
    const shown = retryInMs === undefined ? failed : { code, retryAfterMs: retryInMs };
    await database.withTenant(tenantId, (tx) => markFailure(tx, tenantId, reviewId, shown));
    if (retryInMs === undefined) return failed;
    return { kind: 'waits', code, retryInMs, ...(called === false ? { called } : {}) };
  };

  /** The review and its data key, both as they are now, and how many drafts the passage may add. */
  const open = async (ref: ReviewRef) => {
    const { tenantId, reviewId } = ref;
    const { review, made } = await database.withTenant(tenantId, async (tx) => ({
      review: await findReview(tx, tenantId, reviewId),
      made: (await extraction.articlesOf(tx, subjectOf(ref))).created,
    }));
    // The workflow has prepared it, and no review is deleted.
    if (review === undefined || review.wrappedKey === null)
      return { kind: 'failed', code: 'internal' } as const;
    const opened = await dataKeys.open(tenantId, review.wrappedKey);
    if (opened.kind === 'failed') return opened;
    const passages = dividePassages(review);
    const passagesLeft = Math.max(1, passages.length - review.draftedPassages.length);
    // Each passage that is left has its part of the drafts that are left.
    const maxArticles = Math.ceil((maxDrafts - made) / passagesLeft);
    return { kind: 'open', review, key: opened.key, passages, made, maxArticles } as const;
  };

  const ask = async (part: ReviewPart, tries: number): Promise<ExtractedPassage | Failed> => {
    const opened = await open(part);
    if (opened.kind === 'failed') return waitOrFail(part, opened, tries);
    const { review, key, passages, maxArticles } = opened;
    // Halves have used up the drafts of the passages after them. An answer that nothing can be made of is not bought.
    if (maxArticles <= 0) return { kind: 'answered', articles: 0 };
    const asked = await extraction.ask({
      passage: { subject: subjectOf(part), part: part.part, half: part.half },
      key,
      text: { title: review.reviewType, path: [], text: textOf(passages, part) },
      maxArticles,
      apiKeyId: review.actor.keyId,
    });
    await usage.recordSubject(part.tenantId, part.reviewId);
    switch (asked.kind) {
      case 'ok':
        return { kind: 'answered', articles: asked.answer.articles };
      case 'claimed':
        return { kind: 'claimed', retryInMs: busyRetryMs };
      case 'failed':
        // An answer of another shape is paid for once more by the retry policy of the step.
        if (isOfPassage(asked.code) && (asked.final || asked.code !== 'malformed_response'))
          return { kind: 'unusable', code: asked.code };
        return waitOrFail(part, asked, tries);
      default:
        return asked satisfies never;
    }
  };

  return {
    async prepare(ref, tries) {
      const { tenantId, reviewId } = ref;
      const begun = await database.withTenant(tenantId, async (tx) => {
        const review = await lockReview(tx, tenantId, reviewId);
        if (review === undefined || hasEnded(review)) return { review, hasKey: true };
        const hasKey = (await keys.find(tx, tenantId, 'anthropic')) !== undefined;
        await markBegun(tx, tenantId, reviewId, hasKey ? 'running' : 'no_api_key');
        return { review, hasKey };
      });
      const { review, hasKey } = begun;
      if (review === undefined) return { kind: 'gone' };
      if (hasEnded(review)) return { kind: 'ended', result: resultOf(review) };
      if (!hasKey) {
        await blocked.note(tenantId, 'extraction');
        return { kind: 'no_api_key' };
      }
      if (review.wrappedKey === null) {
        const created = await dataKeys.create(tenantId);
        if (created.kind === 'failed') return waitOrFail(ref, created, tries);
        const { wrapped } = created;
        await database.withTenant(tenantId, (tx) => keepWrappedKey(tx, tenantId, reviewId, wrapped));
      }
      const passages = [...dividePassages(review).keys()];
      return { kind: 'ready', passages: passages.filter((n) => !review.draftedPassages.includes(n)) };
    },

    async extract(part, tries) {
      const release = await slots.acquire(part.tenantId);
      if (release === 'busy') return { kind: 'busy', retryInMs: busyRetryMs };
      try {
        return await ask(part, tries);
      } finally {
        release();
      }
    },

    async draft(part, isLast, tries) {
      const { tenantId, reviewId } = part;
      const opened = await open(part);
      if (opened.kind === 'failed') return waitOrFail(part, opened, tries);
      const { review, key, made, maxArticles } = opened;
      if (maxArticles > 0) {
        await extraction.makeArticles({
          passage: { subject: subjectOf(part), part: part.part, half: part.half },
          key,
          actor: review.actor,
          status: 'draft',
          sourceType: 'review',
          metadata: { review_id: reviewId, review_type: review.reviewType },
          maxArticles: made + maxArticles,
        });
      }
      if (isLast) await database.withTenant(tenantId, (tx) => markDrafted(tx, tenantId, reviewId, part.part));
      return { kind: 'drafted' };
    },

    async finish(ref, code) {
      const { tenantId, reviewId } = ref;
      await usage.recordSubject(tenantId, reviewId);
      return database.withTenant(tenantId, async (tx): Promise<ExtractReviewResult> => {
        const review = await lockReview(tx, tenantId, reviewId);
        if (review === undefined) return { outcome: 'gone' };
        if (hasEnded(review)) return resultOf(review);
        const { created } = await extraction.articlesOf(tx, subjectOf(ref));
        const ended = endOf(review, code, created);
        await markEnded(tx, tenantId, reviewId, ended);
        const reason = ended.code === null ? {} : { code: ended.code };
        // Any other one may be asked for again, with the answers that are bought.
        if (ended.status === 'completed') await extraction.forget(tx, subjectOf(ref));
        if (ended.status !== 'blocked') {
          await audit.append(tx, serviceActor(tenantId), {
            action: 'review.extracted',
            subject: { kind: 'review', id: reviewId },
            details: { status: ended.status, articles: created, ...reason },
          });
        }
        return {
          outcome: ended.status,
          ...(ended.code === null ? {} : { reason: ended.code }),
          passages: review.draftedPassages.length,
          articles: created,
        };
      });
    },
  };
}

const hasEnded = ({ status }: Review) =>
  status === 'completed' || status === 'partial' || status === 'failed';

/** A passage is drafted with both of its halves, so that there may be drafts and no such passage. */
function endOf({ draftedPassages }: Review, code: FailureCode | undefined, created: number): Ended {
  if (code === undefined) return { status: 'completed', code: null };
  if (failureTraits[code].article === 'blocked') return { status: 'blocked', code };
  return { status: draftedPassages.length > 0 || created > 0 ? 'partial' : 'failed', code };
}

function resultOf({ status, code, draftedPassages }: Review): ExtractReviewResult {
  return {
    outcome: status === 'queued' || status === 'running' ? 'failed' : status,
    ...(code === null ? {} : { reason: code }),
    passages: draftedPassages.length,
  };
}

function textOf(passages: readonly string[], { part, half }: ReviewPart): string {
  const whole = passages[part] ?? '';
  return half === 0 ? whole : (halvePassage(whole)[half - 1] ?? '');
}
