import type { Database } from '../platform/postgres/database.ts';
import type { PublishedFilter } from '../vectors/published-filter.ts';
import {
  type ArticleCounts,
  type ArticleIndexCursor,
  type ArticleIndexEntry,
  countEntries,
  listEntries,
} from './article-index-read-model.ts';

/** A page of entries. The counts are of all pages. */
export interface ArticleIndexPage extends ArticleCounts {
  readonly entries: readonly ArticleIndexEntry[];
  /** Absent on the last page. */
  readonly nextCursor?: ArticleIndexCursor;
}

export interface ArticleIndex {
  /** A page of the tenant's published articles without their bodies, and the counts of all of them. */
  list(
    tenantId: string,
    query: PublishedFilter & { readonly after?: ArticleIndexCursor | undefined; readonly limit: number },
  ): Promise<ArticleIndexPage>;
}

/** A longer list of tags is no overview. */
export const maxTags = 100;

/** The list of all published articles, for agents that do not know yet what to search for. */
export function createArticleIndex({ database }: { readonly database: Database }): ArticleIndex {
  return {
    list: (tenantId, query) =>
      database.withTenant(tenantId, async (tx) => {
        const [found, counts] = await Promise.all([
          listEntries(tx, tenantId, { ...query, limit: query.limit + 1 }),
          countEntries(tx, tenantId, query, maxTags),
        ]);
        const page = found.slice(0, query.limit);
        const last = page.at(-1);
        return {
          ...counts,
          entries: page.map(({ entry }) => entry),
          ...(found.length > page.length && last ? { nextCursor: last.cursor } : {}),
        };
      }),
  };
}
