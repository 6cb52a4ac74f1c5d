import type { ArticleRef, Generated } from '../domain/embed-article.ts';
import type { KeyReference } from '../domain/operations.ts';
import { targetIdOf } from '../domain/provider-target.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Batches } from './batches.ts';
import type { Buy } from './buy.ts';
import { buyWhatFits } from './buy-what-fits.ts';
import type { CheckProvider } from './check-provider.ts';
import { type Complete, rejectedChunks } from './complete.ts';
import { planArticle } from './plan.ts';
import { findPayingKey, noteRejected } from './status-store.ts';
import type { Failed, StepFailures } from './step-failures.ts';
import type { RunWithChunks } from './with-chunks.ts';

/**
 * One look at what is missing of an article, and one call for what of it nobody is buying. `outrun`: a call that began at the
 * same moment has claimed a part of it, so that the rest has to be looked for again.
 */
export type BuyMissing = (
  article: ArticleRef,
  key: KeyReference,
  contentHash: string,
  tries: number,
) => Promise<Generated | Failed | { readonly kind: 'outrun' }>;

export interface BuyMissingDeps {
  readonly database: Database;
  readonly keys: Pick<ProviderKeys, 'embeddingTarget'>;
  readonly buy: Buy;
  readonly batches: Batches;
  readonly checkProvider: CheckProvider;
  readonly withChunks: RunWithChunks;
  readonly complete: Complete;
  readonly failures: StepFailures;
  /** Chunks in one provider call. */
  readonly batchChunks: number;
}

/** What an article is after a batch was stored. */
type Stored =
  | { readonly kind: 'embedded'; readonly chunks: number }
  | { readonly kind: 'more'; readonly missingChunks: number }
  | { readonly kind: 'changed' };

/** When chunks that another call is buying are worth another look, for the first time: a quick call has ended by then. */
export const claimedRetryMs = 1_000;
/** A batch of so many failures in a row is not tried again before the provider has answered something else. */
const checkedAfter = 2;

/** Creates the purchase of what an article lacks. */
export function createBuyMissing(deps: BuyMissingDeps): BuyMissing {
  const { database, keys, buy, batches, complete, withChunks, failures } = deps;

  return async (article, key, contentHash, tries) => {
    const { tenantId, articleId } = article;
    const plan = await withChunks(article, async (tx, text, cut) => {
      if (text?.status !== 'published' || text.content_hash !== contentHash) return undefined;
      const target = await keys.embeddingTarget(tx, tenantId);
      if (targetIdOf(target) !== key.targetId) return undefined;
      const apiKeyId = await findPayingKey(tx, tenantId, articleId);
      const planned = await planArticle(tx, article, cut, target);
      const free = planned.missing.filter(({ hash }) => !planned.claimed.has(hash));
      const batch = await batches.next(tx, tenantId, {
        ...{ target, keyVersion: key.keyVersion, chunks: free, refusals: planned.refusals },
        maxChunks: deps.batchChunks,
      });
      return { ...planned, apiKeyId, target, text, batch };
    });
    if (plan === undefined) return { kind: 'changed' };

    const { chunks, missing, rejected, space, apiKeyId, target, text, batch } = plan;
    if (batch.chunks.length === 0 && missing.length > 0)
      return { kind: 'claimed', retryInMs: claimedRetryMs };
    if (
      batch.chunks.length === 0 &&
      chunks.every(({ hash }) => rejected.some((each) => each.hash === hash))
    ) {
      await database.withTenant(tenantId, (tx) =>
        noteRejected(tx, tenantId, articleId, rejectedChunks(text, rejected)),
      );
      return failures.waitOrFail(article, { kind: 'failed', code: 'input_rejected' }, tries);
    }
    if (batch.chunks.length === 0 && space !== undefined) {
      // An earlier attempt died after it had stored everything, or the last text was rejected: nothing is left to buy.
      const done = { spaceId: space.id, target, contentHash, chunks, rejected };
      const completed = await database.withTenant(tenantId, (tx) => complete(tx, article, done));
      return completed
        ? { kind: 'embedded', chunks: chunks.length - rejected.length, inputTokens: 0 }
        : { kind: 'changed' };
    }

    if (batch.failures >= checkedAfter && !batch.isWell) {
      const checked = await deps.checkProvider({ tenantId, articleId, apiKeyId, target });
      if (checked.kind === 'failed') return failures.waitOrFail(article, checked, tries);
      if (checked.kind === 'ok')
        return { kind: 'more', missingChunks: missing.length, inputTokens: checked.inputTokens };
      return { kind: 'changed' };
    }

    let sent = batch.chunks;
    const bought = await buyWhatFits(batch.chunks, (part, divisible) => {
      const missingChunks = missing.length - part.length;
      sent = part;
      return buy({
        tenantId,
        source: 'workflow',
        articleId,
        apiKeyId,
        target,
        space,
        texts: part.map((chunk) => ({ articleId, chunk })),
        divisible,
        suspect: batch.failures > 0 && batch.isWell,
        async afterStore(tx: Transaction, spaceId): Promise<Stored> {
          if (batch.wereRefused) await batches.passed(tx, tenantId, target, part);
          if (missingChunks > 0) return { kind: 'more', missingChunks };
          const embedded = await complete(tx, article, { spaceId, target, contentHash, chunks, rejected });
          return embedded
            ? { kind: 'embedded', chunks: chunks.length - rejected.length }
            : { kind: 'changed' };
        },
      });
    });
    switch (bought.kind) {
      case 'superseded':
        return { kind: 'changed' };
      case 'claimed':
        return { kind: 'outrun' };
      case 'failed': {
        const refused = { sent, isWell: batch.isWell, failure: bought };
        if ((await batches.refused(tenantId, target, refused)) === 'divided')
          return { kind: 'more', missingChunks: missing.length, inputTokens: 0 };
        return failures.waitOrFail(article, bought, tries);
      }
      case 'ok': {
        const { inputTokens, persisted } = bought;
        return persisted.kind === 'changed' ? persisted : { ...persisted, inputTokens };
      }
      default:
        return bought satisfies never;
    }
  };
}
