import type { Transaction } from '../platform/postgres/database.ts';
import { measureTenant, type NearArticle, type NearestQuery, rankAll, rankPool } from './nearest-store.ts';
import type { TenantSizes } from './tenant-sizes.ts';

export type { NearArticle, NearestQuery } from './nearest-store.ts';

/**
 * A tenant with at most this many chunks is always compared with all of them: 3 ms, joins included. Above it, the
 * nearest few are found first and joined afterwards, which saves joins but may have to be repeated.
 */
const compareAllUpTo = 1_000;

/**
 * The number of chunks in a pool. It is two for each article to return, because some chunks are of one article, stale
 * or not published. It is at least 100, because a smaller pool saves nothing once the first chunk in the graph is
 * reached.
 */
function poolSize(limit: number): number {
  return Math.max(100, 2 * limit);
}

/**
 * How much larger a second pool may be. A pool with too few articles shows how large one with enough has to be. Up to
 * four times the size it is worth a second try: a search by both asks for a hundred articles, and in some texts two of
 * three chunks are of the same ones. A larger pool, as behind a filter that passes few articles, costs more than
 * comparing all that pass.
 */
const maxPoolGrowth = 4;

/**
 * Returns the tenant's published articles by their best visible chunk, best first, at most `limit`. The result is exact
 * for small tenants and wherever the index would leave out rows: a filter that passes few articles, many stale chunks,
 * fewer articles than asked for. With `sizes` the tenant is not measured each time.
 */
export async function nearestArticles(
  tx: Transaction,
  tenantId: string,
  query: NearestQuery,
  sizes?: TenantSizes,
): Promise<NearArticle[]> {
  const pool = poolSize(query.limit);
  const measure = () => measureTenant(tx, tenantId, query, pool, compareAllUpTo);
  const way = { spaceId: query.spaceId, poolSize: pool };
  const size = await (sizes === undefined ? measure() : sizes.of(tenantId, way, measure));
  if (size === 'small') return rankAll(tx, tenantId, query);

  const by = size === 'large' ? 'index' : 'sort';
  const near = await rankPool(tx, tenantId, query, pool, by);
  if (near.length >= query.limit) return near;
  // Half as many again, because the farther chunks are often of articles already found.
  const larger = Math.ceil((1.5 * pool * query.limit) / Math.max(1, near.length));
  if (larger <= maxPoolGrowth * pool) {
    const more = await rankPool(tx, tenantId, query, larger, by);
    if (more.length >= query.limit) return more;
  }
  return rankAll(tx, tenantId, query);
}
