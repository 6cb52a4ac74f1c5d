import type { ArticleRef, Generated, HashCheck, ResolvedKey } from '../domain/embed-article.ts';
import { type FailureCode, failureTraits } from '../domain/failures.ts';
import type { KeyReference } from '../domain/operations.ts';
import { originOf, targetIdOf } from '../domain/provider-target.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Guard } from '../providers/guard.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import { findRenewal } from './backlog/parked-read-model.ts';
import { findPauseEnd } from './backlog/quota-read-model.ts';
import type { BuyMissing } from './buy-missing.ts';
import { claimedRetryMs } from './buy-planned.ts';
import type { Complete } from './complete.ts';
import type { EmbedAtOnce } from './embed-at-once.ts';
import type { EmbeddingMetrics } from './metrics.ts';
import { planArticle } from './plan.ts';
import type { Failed, StepFailures } from './step-failures.ts';
import type { RunWithChunks } from './with-chunks.ts';

export interface EmbedArticleDeps {
  readonly database: Database;
  readonly guard: Pick<Guard, 'admission'>;
  readonly keys: Pick<ProviderKeys, 'openKey' | 'embeddingTarget'>;
  readonly withChunks: RunWithChunks;
  readonly complete: Complete;
  readonly buyMissing: BuyMissing;
  readonly embedAtOnce: EmbedAtOnce;
  readonly failures: StepFailures;
  readonly blocked: BlockedOperations;
  readonly metrics: Pick<EmbeddingMetrics, 'hashChecked'>;
}

/** The steps of the EmbedArticle walk, in the order in which the workflow runs them. */
export interface EmbedArticleSteps {
  /**
   * All of it in one step, for an article that takes one call at most. `tries` counts the failures in a row before this try.
   */
  embed(article: ArticleRef, tries?: number): ReturnType<EmbedAtOnce>;
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

/** Looks at the missing chunks within one step. Each lost one means that another article has gone on. */
const maxLooks = 3;
/** Creates the steps. Each may be repeated: stored vectors are found again, and nothing is bought twice. */
export function createEmbedArticleSteps(deps: EmbedArticleDeps): EmbedArticleSteps {
  const { database, guard, keys, complete, blocked, metrics, withChunks, buyMissing, failures } = deps;

  return {
    embed: (article, tries = 0) => deps.embedAtOnce(article, tries),

    async resolveKey(article, tries = 0) {
      const { tenantId } = article;
      const admission = await database.withTenant(tenantId, (tx) =>
        guard.admission(tx, tenantId, 'embedding', 'background'),
      );
      if (admission.kind === 'no_key') {
        await failures.show(article, 'blocked', { code: 'no_api_key' });
        await blocked.note(tenantId, 'embedding');
        return { kind: 'no_api_key' };
      }
      if (admission.kind === 'rejected') return { kind: 'failed', code: admission.code };
      // An open breaker, a limit or a spent budget concerns only the call: an article that needs no call is completed without
      // one.
      const { key } = admission;
      const { target } = key;
      const opened = await keys.openKey(tenantId, 'embedding', key, originOf(target.baseUrl));
      if (opened.kind === 'failed') return failures.waitOrFail(article, opened, tries);
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
        const { missing, rejected, space } = await planArticle(tx, article, chunks, target);
        const stored = new Set(chunks.map(({ hash }) => hash)).size - rejected.length - missing.length;
        chunksSkipped = stored;
        // An article of which nothing has a vector goes on, and the next step gives it up.
        if (missing.length === 0 && stored > 0 && space !== undefined) {
          const done = { spaceId: space.id, target, contentHash, chunks, rejected };
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
        const generated = await buyMissing(article, key, contentHash, tries);
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
      await failures.show(article, status === 'pending' ? 'failed' : status, {
        code,
        ...(renewsAt === undefined ? {} : { renewsAt }),
      });
    },
  };
}
