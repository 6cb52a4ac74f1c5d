import { type Chunk, chunkerVersion } from '../domain/chunks.ts';
import type { ArticleRef } from '../domain/embed-article.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { reuseAndListMissing } from '../vectors/chunk-store.ts';
import { type Space, targets } from '../vectors/spaces.ts';

/** The chunks of a text, and those that lack a vector in the space of the model. */
export interface Plan {
  /** The chunks of the whole text, in their order. */
  readonly chunks: readonly Chunk[];
  /** The distinct chunks without a vector. */
  readonly missing: readonly Chunk[];
  /** Undefined before the first vectors of the model, because its dimension is not known. */
  readonly space: Space | undefined;
}

/**
 * Plans what has to be bought for the chunks of an article's text. Vectors that another article of the tenant has are reused first.
 */
export async function planArticle(
  tx: Transaction,
  { tenantId, articleId }: ArticleRef,
  chunks: readonly Chunk[],
  model: string,
): Promise<Plan> {
  const distinct = new Map(chunks.map((chunk) => [chunk.hash, chunk]));
  const [space] = await targets(tx, tenantId, { model, chunkerVersion });
  if (space === undefined) return { chunks, missing: [...distinct.values()], space };
  const missing = await reuseAndListMissing(tx, tenantId, space.id, articleId, [...distinct.keys()]);
  return { chunks, missing: [...distinct.values()].filter(({ hash }) => missing.has(hash)), space };
}
