import { z } from 'zod';
import { type Category, categories } from '../articles/article.ts';
import type { Transaction } from '../platform/postgres/database.ts';

export interface ArticleIndexFilter {
  readonly category?: Category | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Whether an article must have all of the tags or any of them. */
  readonly tagsMatch: 'all' | 'any';
}

/** A place in the contents. The time keeps its microseconds, which a Date would lose. */
export interface ArticleIndexPosition {
  readonly at: string;
  readonly id: string;
}

/** One line of the contents. */
export interface Entry {
  readonly id: string;
  readonly title: string;
  readonly category: Category;
  readonly tags: readonly string[];
  readonly updatedAt: Date;
  /** Whether search by meaning finds it now. */
  readonly embedded: boolean;
}

export interface Counts {
  readonly total: number;
  /** The most frequent first, like the tags. */
  readonly categories: readonly { readonly category: Category; readonly count: number }[];
  readonly tags: readonly { readonly tag: string; readonly count: number }[];
}

/** The filter on `a`, an article, as SQL and its bindings. */
function filterSql({ category, tags, tagsMatch }: ArticleIndexFilter) {
  const conditions = ["a.tenant_id = :tenantId and a.status = 'published'"];
  if (category !== undefined) conditions.push('a.category = :category');
  const tagged = tags !== undefined && tags.length > 0;
  if (tagged) conditions.push(`a.tags ${tagsMatch === 'all' ? '@>' : '&&'} cast(:tags as text[])`);
  return {
    sql: conditions.join(' and '),
    bindings: { ...(category === undefined ? {} : { category }), ...(tagged ? { tags: [...tags] } : {}) },
  };
}

const entryRow = z
  .object({
    id: z.string(),
    title: z.string(),
    category: z.enum(categories),
    tags: z.array(z.string()),
    updated_at: z.date(),
    embedded: z.boolean(),
    position: z.string(),
  })
  .transform(({ position, updated_at: updatedAt, ...row }) => ({
    entry: { ...row, updatedAt },
    position: { at: position, id: row.id },
  }));

/**
 * Published articles, the newest first, each with its place. By the time of their making, which nothing ever changes: an edit
 * between two pages moves no article over the border. By title or time of change it would, and be missed or seen twice.
 */
export async function listEntries(
  tx: Transaction,
  tenantId: string,
  query: ArticleIndexFilter & { readonly after?: ArticleIndexPosition | undefined; readonly limit: number },
): Promise<{ readonly entry: Entry; readonly position: ArticleIndexPosition }[]> {
  const filter = filterSql(query);
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
                       and m.space_id = (select id from embedding_spaces where tenant_id = :tenantId and state = 'serving')
            ) as embedded,
            to_char(a.created_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as position
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

/** How many published articles the filter lets through, by category and by tag; the rows are read once for all three. */
export async function countEntries(
  tx: Transaction,
  tenantId: string,
  filter: ArticleIndexFilter,
  mostTags: number,
): Promise<Counts> {
  const { sql, bindings } = filterSql(filter);
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with listed as materialized (select a.category, a.tags from articles a where ${sql}),
          by_category as (select category, count(*) as count from listed group by category),
          by_tag as (
            select tag, count(*) as count from listed, unnest(tags) as tag
             group by tag order by count(*) desc, tag limit :mostTags
          )
     select (select count(*)::int from listed) as total,
            coalesce((select jsonb_agg(c order by c.count desc, c.category) from by_category c), '[]') as categories,
            coalesce((select jsonb_agg(t order by t.count desc, t.tag) from by_tag t), '[]') as tags`,
    { tenantId, mostTags, ...bindings },
  );
  const [counts] = z.tuple([countsRow]).parse(rows);
  return counts;
}
