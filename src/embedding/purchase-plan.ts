import type { Chunk } from '../domain/chunks.ts';
import type { ArticleRef } from '../domain/embed-article.ts';
import type { ProviderTarget } from '../domain/provider-target.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import type { ArticleText } from './article-read-model.ts';
import type { Batches, PlannedBatch } from './batches.ts';
import { type Plan, planArticle } from './plan.ts';
import { findPayingKey } from './status-store.ts';

/** What an article lacks, and the chunks of the next call for it. */
export interface PurchasePlan extends Plan {
  readonly text: ArticleText;
  readonly contentHash: string;
  readonly target: ProviderTarget;
  /** The API key whose daily budget pays, if one does. */
  readonly apiKeyId: string | null;
  readonly batch: PlannedBatch;
}

/** Plans the next call for an article of this text, in the transaction that has read it. */
export type PlanPurchase = (
  tx: Transaction,
  article: ArticleRef,
  current: {
    readonly text: ArticleText;
    readonly chunks: readonly Chunk[];
    readonly target: ProviderTarget;
    readonly keyVersion: number;
  },
) => Promise<PurchasePlan>;

/** Creates the planning of calls. */
export function createPlanPurchase(deps: {
  readonly batches: Pick<Batches, 'next'>;
  /** Chunks in one provider call. */
  readonly batchChunks: number;
}): PlanPurchase {
  return async (tx, article, { text, chunks, target, keyVersion }) => {
    const { tenantId, articleId } = article;
    const [apiKeyId, planned] = await Promise.all([
      findPayingKey(tx, tenantId, articleId),
      planArticle(tx, article, chunks, target),
    ]);
    const batch = await deps.batches.next(tx, tenantId, {
      ...{ target, keyVersion, refusals: planned.refusals },
      chunks: planned.missing.filter(({ hash }) => !planned.claimed.has(hash)),
      maxChunks: deps.batchChunks,
    });
    return { ...planned, text, contentHash: text.content_hash, target, apiKeyId, batch };
  };
}
