import type { ArticleRef, Generated, HashCheck, ResolvedKey, Waits } from '../domain/embed-article.ts';
import { type Failure, type FailureCode, failureTraits } from '../domain/failures.ts';
import type { KeyReference } from '../domain/operations.ts';
import { originOf, targetIdOf } from '../domain/provider-target.ts';
import { retryWaitMs } from '../domain/retry-waits.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Guard } from '../providers/guard.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import { findRenewal } from './backlog/parked-read-model.ts';
import { findPauseEnd } from './backlog/quota-read-model.ts';
import type { Buy } from './buy.ts';
import { buyWhatFits } from './buy-what-fits.ts';
import type { Complete } from './complete.ts';
import type { EmbeddingMetrics } from './metrics.ts';
import { planArticle } from './plan.ts';
import { findPayingKey, markNotEmbedded } from './status-store.ts';
import type { RunWithChunks } from './with-chunks.ts';

/** A step that failed, with a code of the failure table. */
export type Failed = { readonly kind: 'failed' } & Failure;

export interface EmbedArticleDeps {
  readonly database: Database;
  readonly guard: Pick<Guard, 'admission'>;
  readonly keys: Pick<ProviderKeys, 'openKey' | 'embeddingTarget'>;
  readonly buy: Buy;
  readonly withChunks: RunWithChunks;
  readonly complete: Complete;
  readonly blocked: BlockedOperations;
  readonly metrics: Pick<EmbeddingMetrics, 'hashChecked'>;
  /** Chunks in one provider call. */
  readonly batchChunks: number;
}

/** The steps of the EmbedArticle walk, in the order in which the workflow runs them. */
export interface EmbedArticleSteps {
  /**
   * Step 1: returns a reference to the tenant's key, after a check that the key can be opened. The key itself is not
   * passed on. `tries` counts the failures in a row before this try.
   */
  resolveKey(article: ArticleRef, tries?: number): Promise<ResolvedKey | Failed>;
  /**
   * Step 2: counts the chunks of the current text that have no vector in the tenant's space. Completes an article that
   * lacks none.
   */
  checkContentHash(article: ArticleRef, key: KeyReference): Promise<HashCheck>;
  /**
   * Step 3: makes one guarded call for a batch of the missing chunks and stores the vectors. The last batch completes
   * the article. `tries` counts the failures in a row before this try.
   */
  generate(
    article: ArticleRef,
    key: KeyReference,
    contentHash: string,
    tries?: number,
  ): Promise<Generated | Failed>;
  /** Shows on the article that its workflow has given up, with the code. */
  giveUp(article: ArticleRef, code: FailureCode): Promise<void>;
}

/** What an article is after a batch was stored. */
type Stored =
  | { readonly kind: 'embedded'; readonly chunks: number }
  | { readonly kind: 'more'; readonly missingChunks: number }
  | { readonly kind: 'changed' };

/** Looks at the missing chunks within one step. Each lost one means that another article has gone on. */
const maxLooks = 3;
/** When chunks that another call is buying are worth another look, for the first time: a quick call has ended by then. */
const claimedRetryMs = 1_000;

/** Creates the steps. Each may be repeated: stored vectors are found again, and nothing is bought twice. */
export function createEmbedArticleSteps(deps: EmbedArticleDeps): EmbedArticleSteps {
  const { database, guard, keys, buy, complete, blocked, metrics, withChunks } = deps;

  const showFailure = (article: ArticleRef, status: 'pending' | 'blocked' | 'failed', failure: Failure) =>
    database.withTenant(article.tenantId, (tx) =>
      markNotEmbedded(tx, article.tenantId, article.articleId, {
        status,
        reason: failure.code,
        ...(failure.retryAfterMs === undefined ? {} : { nextAttemptInMs: failure.retryAfterMs }),
        ...(failure.renewsAt === undefined ? {} : { nextAttemptAt: failure.renewsAt }),
      }),
    );

  /**
   * Makes the workflow wait before it tries again, and shows on the article why it waits and until when. Any other failure
   * fails the step, and `giveUp` shows it.
   */
  const waitOrFail = async (article: ArticleRef, failed: Failed, tries: number): Promise<Waits | Failed> => {
    const retryInMs = retryWaitMs(failed, tries);
    const { code, called } = failed;
    if (retryInMs === undefined) {
      // The retry policy of the step may try it once more.
      if (failureTraits[code].workflow === 'retries') await showFailure(article, 'pending', { code });
      return failed;
    }
    await showFailure(article, 'pending', { code, retryAfterMs: retryInMs });
    return { kind: 'waits', code, retryInMs, ...(called === false ? { called } : {}) };
  };

  /**
   * One look at what is missing, and one call for what of it nobody is buying. `outrun`: a call that began at the same moment has
   * claimed a part of it, so that the rest has to be looked for again.
   */
  const buyUnclaimed = async (
    article: ArticleRef,
    { targetId }: KeyReference,
    contentHash: string,
    tries: number,
  ): Promise<Generated | Failed | { readonly kind: 'outrun' }> => {
    const { tenantId, articleId } = article;
    const plan = await withChunks(article, async (tx, text, cut) => {
      if (text?.status !== 'published' || text.content_hash !== contentHash) return undefined;
      const target = await keys.embeddingTarget(tx, tenantId);
      if (targetIdOf(target) !== targetId) return undefined;
      const apiKeyId = await findPayingKey(tx, tenantId, articleId);
      return { ...(await planArticle(tx, article, cut, target)), apiKeyId, target };
    });
    if (plan === undefined) return { kind: 'changed' };

    const { chunks, missing, claimed, space, apiKeyId, target } = plan;
    const batch = missing.filter(({ hash }) => !claimed.has(hash)).slice(0, deps.batchChunks);
    if (batch.length === 0 && missing.length > 0) return { kind: 'claimed', retryInMs: claimedRetryMs };
    if (batch.length === 0 && space !== undefined) {
      // An earlier attempt died after it had stored everything, so nothing is left to buy.
      const completed = await database.withTenant(tenantId, (tx) =>
        complete(tx, article, { spaceId: space.id, target, contentHash, chunks }),
      );
      return completed ? { kind: 'embedded', chunks: chunks.length, inputTokens: 0 } : { kind: 'changed' };
    }

    const bought = await buyWhatFits(batch, (part, divisible) => {
      const missingChunks = missing.length - part.length;
      return buy({
        tenantId,
        source: 'workflow',
        articleId,
        apiKeyId,
        target,
        space,
        texts: part.map((chunk) => ({ articleId, chunk })),
        divisible,
        async afterStore(tx, spaceId): Promise<Stored> {
          if (missingChunks > 0) return { kind: 'more', missingChunks };
          const embedded = await complete(tx, article, { spaceId, target, contentHash, chunks });
          return embedded ? { kind: 'embedded', chunks: chunks.length } : { kind: 'changed' };
        },
      });
    });
    switch (bought.kind) {
      case 'superseded':
        return { kind: 'changed' };
      case 'claimed':
        return { kind: 'outrun' };
      case 'failed':
        return waitOrFail(article, bought, tries);
      case 'ok': {
        const { inputTokens, persisted } = bought;
        return persisted.kind === 'changed' ? persisted : { ...persisted, inputTokens };
      }
      default:
        return bought satisfies never;
    }
  };

  return {
    async resolveKey(article, tries = 0) {
      const { tenantId } = article;
      const admission = await database.withTenant(tenantId, (tx) =>
        guard.admission(tx, tenantId, 'embedding', 'background'),
      );
      if (admission.kind === 'no_key') {
        await showFailure(article, 'blocked', { code: 'no_api_key' });
        await blocked.note(tenantId, 'embedding');
        return { kind: 'no_api_key' };
      }
      if (admission.kind === 'rejected') return { kind: 'failed', code: 'credential_rejected' };
      // An open breaker, a limit or a spent budget concerns only the call: an article that needs no call is completed without
      // one.
      const { key } = admission;
      const { target } = key;
      const opened = await keys.openKey(tenantId, 'embedding', key, originOf(target.baseUrl));
      if (opened.kind === 'failed') return waitOrFail(article, opened, tries);
      return {
        kind: 'reference',
        key: {
          provider: 'embedding',
          model: target.model,
          keyVersion: key.version,
          targetId: targetIdOf(target),
        },
      };
    },

    async checkContentHash(article) {
      let chunksSkipped = 0;
      const check = await withChunks(article, async (tx, text, chunks): Promise<HashCheck> => {
        if (text === undefined) return { kind: 'gone' };
        if (text.status !== 'published') return { kind: 'not_published' };
        const { content_hash: contentHash } = text;
        // That of this moment: where it is no longer the one of the reference, the next step finds that it has changed.
        const target = await keys.embeddingTarget(tx, article.tenantId);
        const { missing, space } = await planArticle(tx, article, chunks, target);
        chunksSkipped = new Set(chunks.map(({ hash }) => hash)).size - missing.length;
        if (missing.length === 0 && space !== undefined) {
          const done = { spaceId: space.id, target, contentHash, chunks };
          if (await complete(tx, article, done)) return { kind: 'unchanged', chunks: chunks.length };
        }
        return { kind: 'missing', contentHash, missingChunks: missing.length };
      });
      if (check.kind === 'unchanged' || check.kind === 'missing') {
        metrics.hashChecked({ outcome: check.kind, chunksSkipped });
      }
      return check;
    },

    async generate(article, key, contentHash, tries = 0) {
      for (let looks = 0; looks < maxLooks; looks += 1) {
        const generated = await buyUnclaimed(article, key, contentHash, tries);
        if (generated.kind !== 'outrun') return generated;
      }
      return { kind: 'claimed', retryInMs: claimedRetryMs };
    },

    async giveUp(article, code) {
      const status = failureTraits[code].article;
      const { tenantId, articleId } = article;
      const renewsAt = await database.withTenant(tenantId, async (tx) => {
        if (code === 'budget_exhausted') return findRenewal(tx, tenantId, articleId);
        return code === 'quota_exhausted' ? findPauseEnd(tx, tenantId) : undefined;
      });
      await showFailure(article, status === 'pending' ? 'failed' : status, {
        code,
        ...(renewsAt === undefined ? {} : { renewsAt }),
      });
    },
  };
}
