import { type Chunk, chunkerVersion } from '../domain/chunks.ts';
import type { ArticleRef } from '../domain/embed-article.ts';
import type { ProviderTarget } from '../domain/provider-target.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { adoptBought, purchasesOf } from '../vectors/chunk-purchases.ts';
import { reuseAndListMissing } from '../vectors/chunk-store.ts';
import { refusalsOf, type StoredRefusal } from '../vectors/refusals/chunk-refusals.ts';
import { isRejected } from '../vectors/refusals/refusal.ts';
import { type Space, targets } from '../vectors/spaces.ts';

/** The chunks of a text, and those that lack a vector in the space of the target. */
export interface Plan {
  /** The chunks of the whole text, in their order. */
  readonly chunks: readonly Chunk[];
  /** The distinct chunks without a vector, but for the rejected ones. */
  readonly missing: readonly Chunk[];
  /** The distinct chunks that the provider refuses alone. They have no vector, and none is asked for. */
  readonly rejected: readonly Chunk[];
  /** What is known of missing chunks that were refused in a batch. */
  readonly refusals: ReadonlyMap<string, StoredRefusal>;
  /** Those of the missing chunks that another call is buying. */
  readonly claimed: ReadonlySet<string>;
  /** Undefined before the first vectors of the target, because its dimension is not known. */
  readonly space: Space | undefined;
}

/**
 * Plans what has to be bought for the chunks of an article's text. Vectors that another article of the tenant has are reused
 * first, and those that were bought for the text when it was a proposal are taken over.
 */
export async function planArticle(
  tx: Transaction,
  article: ArticleRef,
  chunks: readonly Chunk[],
  target: ProviderTarget,
): Promise<Plan> {
  const { tenantId } = article;
  const distinct = [...new Map(chunks.map((chunk) => [chunk.hash, chunk])).values()];
  const kind = { target, chunkerVersion };
  const [space] = await targets(tx, tenantId, kind);
  const missing = await withoutVector(tx, article, space, distinct);

  const hashes = missing.map(({ hash }) => hash);
  const [{ claimed, bought }, refusals] = await Promise.all([
    purchasesOf(tx, tenantId, { kind, hashes }, article.articleId),
    missing.length === 0 ? new Map() : refusalsOf(tx, tenantId, { kind, hashes }),
  ]);
  const plan = (lacking: readonly Chunk[], known: Space | undefined): Plan => ({
    ...{ chunks, claimed, refusals, space: known },
    missing: lacking.filter(({ hash }) => !isRejected(refusals.get(hash))),
    rejected: lacking.filter(({ hash }) => isRejected(refusals.get(hash))),
  });
  if (bought.size === 0) return plan(missing, space);
  const adopted = await adoptBought(tx, tenantId, kind, {
    id: article.articleId,
    chunks: missing.filter(({ hash }) => bought.has(hash)),
  });
  return plan(await withoutVector(tx, article, adopted, missing), adopted);
}

/** Reuses vectors of the space; returns the chunks that still have none. */
async function withoutVector(
  tx: Transaction,
  { tenantId, articleId }: ArticleRef,
  space: Space | undefined,
  chunks: readonly Chunk[],
): Promise<readonly Chunk[]> {
  if (space === undefined) return chunks;
  const hashes = chunks.map(({ hash }) => hash);
  const missing = await reuseAndListMissing(tx, tenantId, space.id, articleId, hashes);
  return chunks.filter(({ hash }) => missing.has(hash));
}
