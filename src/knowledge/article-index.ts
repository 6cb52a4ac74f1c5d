import type { Database } from '../platform/postgres/database.ts';
import {
  type ArticleIndexFilter,
  type ArticleIndexPosition,
  type Counts,
  countEntries,
  type Entry,
  listEntries,
} from './article-index-store.ts';

export interface ArticleIndexPage extends Counts {
  readonly entries: readonly Entry[];
  /** Where the next page begins; absent on the last. */
  readonly next?: ArticleIndexPosition;
}

export interface ArticleIndex {
  /** A page of the tenant's published articles without their bodies, and what there is in all. */
  list(
    tenantId: string,
    query: ArticleIndexFilter & { readonly after?: ArticleIndexPosition | undefined; readonly limit: number },
  ): Promise<ArticleIndexPage>;
}

/** More tags than these tell nobody what there is. */
export const mostTags = 100;

/** The table of contents: what an agent reads before it knows what to ask for. */
export function createArticleIndex({ database }: { readonly database: Database }): ArticleIndex {
  return {
    list: (tenantId, query) =>
      database.withTenant(tenantId, async (tx) => {
        const [found, counts] = await Promise.all([
          listEntries(tx, tenantId, { ...query, limit: query.limit + 1 }),
          countEntries(tx, tenantId, query, mostTags),
        ]);
        const page = found.slice(0, query.limit);
        const last = page.at(-1);
        return {
          ...counts,
          entries: page.map(({ entry }) => entry),
          ...(found.length > page.length && last ? { next: last.position } : {}),
        };
      }),
  };
}
