import type { Transaction } from '../platform/postgres/database.ts';
import { measureTenant, type NearArticle, type NearestQuery, rankAll, rankPool } from './nearest-store.ts';

export type { NearArticle, NearestQuery } from './nearest-store.ts';

/**
 * A tenant with no more chunks than these is always compared with all of them: 3 ms, joins included. Above, a few nearest are
 * taken first and looked up then, which saves the joins and may have to be done again.
 */
export const compareAllUpTo = 1_000;

/**
 * How many chunks are looked at: two for each article wanted, because some are of one article, stale, or not published;
 * and a hundred at least, because fewer save nothing once the first of the graph has been reached.
 */
export function poolSize(limit: number): number {
  return Math.max(100, 2 * limit);
}

/**
 * A pool that gave too few articles says how deep one would have to be that gives enough. Up to four times as deep it is looked
 * through once more: a search by both wants a hundred articles, and of some texts two chunks in three are of the same ones.
 * Deeper than that, as behind a filter that passes little, it costs more than to compare what the filter passes.
 */
const mostDeepening = 4;

/**
 * The tenant's published articles by their best visible chunk, best first, at most `limit`. Exact for small tenants and
 * wherever the index would leave rows out: a filter that passes little, many stale chunks, fewer articles than asked for.
 */
export async function nearestArticles(
  tx: Transaction,
  tenantId: string,
  query: NearestQuery,
): Promise<NearArticle[]> {
  const pool = poolSize(query.limit);
  const size = await measureTenant(tx, tenantId, query, pool, compareAllUpTo);
  if (size === 'small') return rankAll(tx, tenantId, query);

  const by = size === 'large' ? 'index' : 'sort';
  const near = await rankPool(tx, tenantId, query, pool, by);
  if (near.length >= query.limit) return near;
  // A half more, because the farther chunks are of articles that are there already.
  const deeper = Math.ceil((1.5 * pool * query.limit) / Math.max(1, near.length));
  if (deeper <= mostDeepening * pool) {
    const more = await rankPool(tx, tenantId, query, deeper, by);
    if (more.length >= query.limit) return more;
  }
  return rankAll(tx, tenantId, query);
}
