import type { ArticleRef, Generated } from '../domain/embed-article.ts';
import type { KeyReference } from '../domain/operations.ts';
import { targetIdOf } from '../domain/provider-target.ts';
import type { ProviderKeys } from '../llm-config/provider-keys.ts';
import type { BuyPlanned } from './buy-planned.ts';
import type { PlanPurchase } from './purchase-plan.ts';
import type { Failed } from './step-failures.ts';
import type { RunWithChunks } from './with-chunks.ts';

/**
 * One look at what is missing of an article, and one call for what of it no other call is buying. `outrun`: a call that began at the
 * same moment has claimed a part of it, so that the rest has to be looked for again.
 */
export type BuyMissing = (
  article: ArticleRef,
  key: KeyReference,
  contentHash: string,
  tries: number,
) => Promise<Generated | Failed | { readonly kind: 'outrun' }>;

/** Creates the purchase of what an article lacks, of the text and for the target that were checked. */
export function createBuyMissing(deps: {
  readonly keys: Pick<ProviderKeys, 'embeddingTarget'>;
  readonly withChunks: RunWithChunks;
  readonly planPurchase: PlanPurchase;
  readonly buyPlanned: BuyPlanned;
}): BuyMissing {
  const { keys, withChunks, planPurchase, buyPlanned } = deps;
  return async (article, key, contentHash, tries) => {
    const { tenantId } = article;
    const plan = await withChunks(article, async (tx, text, chunks) => {
      if (text?.status !== 'published' || text.content_hash !== contentHash) return undefined;
      const target = await keys.embeddingTarget(tx, tenantId);
      if (targetIdOf(target) !== key.targetId) return undefined;
      return planPurchase(tx, article, { text, chunks, target, keyVersion: key.keyVersion });
    });
    return plan === undefined ? { kind: 'changed' } : buyPlanned(article, plan, tries);
  };
}
