import type { Database } from '../platform/postgres/database.ts';
import {
  type ContentsFilter,
  type ContentsPosition,
  type Counts,
  countEntries,
  type Entry,
  listEntries,
} from './article-index-store.ts';

export interface ContentsPage extends Counts {
  readonly entries: readonly Entry[];
  /** Where the next page begins; absent on the last. */
  readonly next?: ContentsPosition;
}

export interface Contents {
  /** A page of the tenant's published articles without their bodies, and what there is in all. */
  list(
    tenantId: string,
    query: ContentsFilter & { readonly after?: ContentsPosition | undefined; readonly limit: number },
  ): Promise<ContentsPage>;
}

/** More tags than these tell nobody what there is. */
export const mostTags = 100;

/** The table of contents: what an agent reads before it knows what to ask for. */
export function createContents({ database }: { readonly database: Database }): Contents {
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
