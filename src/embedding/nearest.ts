import type { Transaction } from '../platform/postgres.ts';
import { rankExactly } from './nearest-store.ts';

/** Which of the tenant's published articles are asked for: all of them, where nothing is said. */
export interface NearestFilter {
  readonly category?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Whether an article must have all of the tags, as where nothing is said, or any. */
  readonly tagsMatch?: 'all' | 'any' | undefined;
}

export interface NearArticle {
  readonly articleId: string;
  /** Its best chunk. */
  readonly chunkHash: string;
  /** The cosine of that chunk to the query. */
  readonly similarity: number;
}

export interface NearestQuery {
  readonly spaceId: string;
  /** Of the space's dimension. */
  readonly vector: readonly number[];
  readonly limit: number;
  readonly filter?: NearestFilter;
}

/**
 * The tenant's published articles by their best visible chunk, best first, at most `limit`. Exact for small tenants and
 * wherever the index would leave rows out.
 */
export async function nearestArticles(
  tx: Transaction,
  tenantId: string,
  query: NearestQuery,
): Promise<NearArticle[]> {
  return rankExactly(tx, tenantId, query);
}
