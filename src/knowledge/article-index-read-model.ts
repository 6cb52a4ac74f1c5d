import { z } from 'zod';
import { type Category, categories } from '../articles/article.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { type PublishedFilter, publishedFilterSql } from '../vectors/published-filter.ts';
import { servingSpaceIdSql } from '../vectors/spaces.ts';

/** The last entry of a page. Its time is a text because a Date would lose the microseconds. */
export interface ArticleIndexCursor {
  readonly at: string;
  readonly id: string;
}

/** A published article without its body. */
export interface ArticleIndexEntry {
  readonly id: string;
  readonly title: string;
  readonly category: Category;
  readonly tags: readonly string[];
  readonly updatedAt: Date;
  /** Whether search by meaning finds it now. */
  readonly embedded: boolean;
}

export interface ArticleCounts {
  readonly total: number;
  /** The most frequent first, as the tags are. */
  readonly categories: readonly { readonly category: Category; readonly count: number }[];
  readonly tags: readonly { readonly tag: string; readonly count: number }[];
}

const entryRow = z
  .object({
    id: z.string(),
    title: z.string(),
    category: z.enum(categories),
    tags: z.array(z.string()),
    updated_at: z.date(),
    embedded: z.boolean(),
    created_at: z.string(),
  })
  .transform(({ created_at: at, updated_at: updatedAt, ...row }) => ({
    entry: { ...row, updatedAt },
    cursor: { at, id: row.id },
  }));

/**
 * Published articles, the newest first, each with its cursor. They are ordered by the time of creation, which never changes:
 * an edit between two pages would move an article in an order by title or by time of change, and it could be missed or come
 * twice.
 */
export async function listEntries(
  tx: Transaction,
  tenantId: string,
  query: PublishedFilter & { readonly after?: ArticleIndexCursor | undefined; readonly limit: number },
): Promise<{ readonly entry: ArticleIndexEntry; readonly cursor: ArticleIndexCursor }[]> {
  const filter = publishedFilterSql(query, 'a');
  const after =
    query.after === undefined
      ? { sql: '', bindings: {} }
      : {
          sql: 'and (a.created_at, a.id) < (cast(:at as timestamptz), cast(:id as uuid))',
          bindings: { ...query.after },
        };
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select a.id, a.title, a.category, a.tags, a.updated_at,
            exists (select 1 from article_manifests m
                     where m.tenant_id = a.tenant_id and m.article_id = a.id and m.content_hash = a.content_hash
                       and m.space_id = ${servingSpaceIdSql(':tenantId')}
            ) as embedded,
            to_char(a.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as created_at
       from articles a
      where ${filter.sql} ${after.sql}
      order by a.created_at desc, a.id desc
      limit :limit`,
    { tenantId, limit: query.limit, ...filter.bindings, ...after.bindings },
  );
  return z.array(entryRow).parse(rows);
}

const countsRow = z.object({
  total: z.number(),
  categories: z.array(z.object({ category: z.enum(categories), count: z.number() })),
  tags: z.array(z.object({ tag: z.string(), count: z.number() })),
});

/** Counts the published articles that pass the filter: all, by category and by tag. The rows are read once for all three. */
export async function countEntries(
  tx: Transaction,
  tenantId: string,
  filter: PublishedFilter,
  maxTags: number,
): Promise<ArticleCounts> {
  const { sql, bindings } = publishedFilterSql(filter, 'a');
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with listed as materialized (select a.category, a.tags, a.tag_keys from articles a where ${sql}),
          by_category as (select category, count(*) as count from listed group by category),
          by_tag as (
            -- In the spelling that most articles have.
            select mode() within group (order by tag) as tag, count(*) as count
              from listed, unnest(tags, tag_keys) as spelt (tag, key)
             group by key order by count(*) desc, key limit :maxTags
          )
     select (select count(*)::int from listed) as total,
            coalesce((select jsonb_agg(c order by c.count desc, c.category) from by_category c), '[]') as categories,
            coalesce((select jsonb_agg(t order by t.count desc, t.tag) from by_tag t), '[]') as tags`,
    { tenantId, maxTags, ...bindings },
  );
  const [counts] = z.tuple([countsRow]).parse(rows);
  return counts;
}
