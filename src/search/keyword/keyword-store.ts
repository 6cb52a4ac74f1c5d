import { z } from 'zod';
import type { Category } from '../../articles/article.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import { quoteWord } from './web-query.ts';

/** Which of the tenant's published articles are searched: all of them, where nothing is said. */
export interface SearchFilter {
  readonly category?: Category | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Whether an article must have all of the tags, as where nothing is said, or any. */
  readonly tagsMatch?: 'all' | 'any' | undefined;
}

/** One article in a ranking. */
export interface Ranked {
  readonly id: string;
  readonly score: number;
}

/** One article in a ranking by words. */
export interface RankedByWords extends Ranked {
  /** How much of the query is in it, by the weights of its words: 1 where all of it is. */
  readonly share: number;
}

/** What articles are ranked by. The queries are texts of tsqueries. */
export interface Wording {
  /** What an article must satisfy to count as a full match. */
  readonly whole: string;
  /** How an article counts that has only some of the words; absent where none does. */
  readonly parts?: {
    /** What it must satisfy at least. */
    readonly any: string;
    readonly words: readonly string[];
    /** The least sum of the weights of its words; those of all words add up to 1. */
    readonly leastShare: number;
  };
}

/** In how many articles of those that pass the filter each word of a wording is. */
export interface WordCounts {
  /** That the tenant has published in all. */
  readonly articles: number;
  readonly words: readonly number[];
}

/** The least score of an article that satisfies the whole query; with some of the words only it scores less. */
export const leastWholeScore = 0.5;

/** A word in the title counts 2.5 in the body, as Postgres has it. Divided by the logarithm of the length, below. */
const rankOf = (query: string) => `ts_rank(a.search, cast(${query} as tsquery))::float8`;

/** The query as Postgres parses it: the text of a tsquery, empty when no word of it is looked for. */
export async function parseQuery(tx: Transaction, q: string): Promise<string> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select websearch_to_tsquery('pg_catalog.english', :q)::text as query`,
    { q },
  );
  const [row] = z.tuple([z.object({ query: z.string() })]).parse(rows);
  return row.query;
}

/**
 * The tenant's published articles that satisfy the query, best first: those that satisfy all of it (0.5 and more), after them
 * those that have enough of its words, a rare word weighing more than a common one (inverse document frequency). A score
 * depends on the article, the wording and the counts alone: given those of the first page, the next begins after a score and
 * an id, whatever else is written. An article that is edited between them changes its own place: the pages see to those that
 * fall, and miss those that rise past the score.
 *
 * One reading of all the articles: under row-level security no index serves `@@`. What lost: cover density (ts_rank_cd), three
 * times as long where a query of many words matches everything; one tsquery of all the words, which weighs them alike; to
 * count the words in a statement of its own, which reads everything twice.
 */
export async function rankByWords(
  tx: Transaction,
  tenantId: string,
  query: SearchFilter & {
    readonly wording: Wording;
    readonly limit: number;
    /** Of the first page; counted where there are none. */
    readonly counts?: WordCounts | undefined;
    readonly after?: Ranked | undefined;
  },
): Promise<{ readonly ranked: readonly RankedByWords[]; readonly counts: WordCounts }> {
  const filter = filterSql(query);
  const { whole, parts } = query.wording;
  const words = parts?.words ?? [];
  const each = (term: (i: number) => string, separator: string) =>
    words.map((_, i) => term(i)).join(separator);
  const isWhole = 'a.search @@ cast(:whole as tsquery)';
  const counts = query.counts
    ? 'select cast(:articles as int) as articles, cast(:counts as int[]) as counts'
    : `select (select count(*) from article_embeddings
                where tenant_id = :tenantId and status in ('pending', 'embedded', 'blocked', 'failed'))::int as articles,
              array[${each((i) => `count(*) filter (where rank${i} > 0)`, ', ')}]::int[] as counts
         ${parts ? 'from seen' : ''}`;
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with seen as materialized (
       select a.id, ${isWhole} as is_whole,
              case when ${isWhole} then ${rankOf(':whole')} else 0 end as whole_rank, 1 + ln(1 + length(a.search)) as norm
              ${each((i) => `, ${rankOf(`:word${i}`)} as rank${i}`, '')}
         from articles a
        where ${filter.sql} and (${isWhole}${parts ? ' or a.search @@ cast(:any as tsquery)' : ''})
     ), counted as materialized (${counts}),
     weighed as materialized (
       select array(select ln(1 + (articles + 1) / (count + 0.5::float8))
                      from unnest(counts) with ordinality as word (count, place) order by place) as weights
         from counted
     ), scored as (
       select id, is_whole,
              case when is_whole then ${leastWholeScore} + whole_rank / norm / 2
                   else (0 ${each((i) => `+ weights[${i + 1}] * rank${i}`, ' ')}) / total / norm / 2 end as score,
              case when is_whole then 1::float8
                   else (0 ${each((i) => `+ case when rank${i} > 0 then weights[${i + 1}] else 0 end`, ' ')}) / total end as share
         from seen, weighed,
              -- In the order of the words: a sum of floats depends on it.
              lateral (select greatest(1e-9, 0 ${each((i) => `+ weights[${i + 1}]`, ' ')}) as total) of_all
     )
     select articles, counts, page.id, page.score, page.share
       from counted
       left join lateral (
         select id, score, share
           from scored
          where share >= :leastShare
            and ${query.after ? '(score < :afterScore or (score = :afterScore and id > :afterId))' : 'true'}
          order by score desc, id
          limit :limit
       ) page on true
      order by page.score desc, page.id`,
    {
      tenantId,
      whole,
      ...(parts && { any: parts.any }),
      ...Object.fromEntries(words.map((word, i) => [`word${i}`, quoteWord(word)])),
      leastShare: parts?.leastShare ?? 1,
      ...(query.counts && { articles: query.counts.articles, counts: [...query.counts.words] }),
      ...(query.after && { afterScore: query.after.score, afterId: query.after.id }),
      limit: query.limit,
      ...filter.bindings,
    },
  );
  const row = z.object({
    articles: z.number(),
    counts: z.array(z.number()),
    id: z.string().nullable(),
    score: z.number().nullable(),
    share: z.number().nullable(),
  });
  const found = z.array(row).min(1).parse(rows);
  return {
    ranked: found.flatMap(({ id, score, share }) =>
      id === null || score === null || share === null ? [] : [{ id, score, share }],
    ),
    counts: { articles: found[0]?.articles ?? 0, words: found[0]?.counts ?? [] },
  };
}

/** The filter on `a`, an article, as SQL and its bindings. */
export function filterSql({ category, tags, tagsMatch }: SearchFilter) {
  const conditions = ["a.tenant_id = :tenantId and a.status = 'published'"];
  if (category !== undefined) conditions.push('a.category = :category');
  const hasTags = tags !== undefined && tags.length > 0;
  if (hasTags) conditions.push(`a.tags ${tagsMatch === 'any' ? '&&' : '@>'} cast(:tags as text[])`);
  return {
    sql: conditions.join(' and '),
    bindings: { ...(category === undefined ? {} : { category }), ...(hasTags ? { tags: [...tags] } : {}) },
  };
}
