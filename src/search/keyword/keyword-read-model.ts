import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';
import { type PublishedFilter, publishedFilterSql } from '../../vectors/published-filter.ts';
import { quoteWord } from './web-query.ts';

/** An article in a ranking. */
export interface Ranked {
  readonly id: string;
  readonly score: number;
}

/** An article in the ranking by words. */
export interface RankedByWords extends Ranked {
  /** The part of the query that the article has, by the weights of its words; 1 is all of it. */
  readonly share: number;
}

/** What articles are ranked by. The queries are texts of tsqueries. */
export interface Wording {
  /** The query of a full match. */
  readonly whole: string;
  /** What full matches are ranked by: the same, or something cheaper. */
  readonly rankBy: string;
  /** How articles with only some of the words are ranked; absent where they are not wanted. */
  readonly parts?: {
    /** The least that such an article must match. */
    readonly any: string;
    readonly words: readonly string[];
    /** The least sum of the weights of its words; those of all words add up to 1. */
    readonly leastShare: number;
  };
}

/** Numbers of articles, from which the weights of words follow. */
export interface WordCounts {
  /** All that the tenant has published. */
  readonly articles: number;
  /** Of the articles that pass the filter, those that have the word; one number for each word of the wording. */
  readonly words: readonly number[];
}

/** The least score of a full match. An article with only some of the words scores less. */
export const leastWholeScore = 0.5;

/** The rank by Postgres, where a word in the title counts as much as 2.5 in the body. The length is not in it yet. */
const rankOf = (query: string) => `ts_rank(a.search, cast(${query} as tsquery))::float8`;

/**
 * Parses a web-search query in Postgres, in the spelling of the index. The result is the text of a tsquery, empty when the query
 * has no word.
 */
export async function parseQuery(tx: Transaction, q: string): Promise<string> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select websearch_to_tsquery('pg_catalog.english', search_text(:q))::text as query`,
    { q },
  );
  const [row] = z.tuple([z.object({ query: z.string() })]).parse(rows);
  return row.query;
}

/**
 * The tenant's published articles that match the wording, best first. Full matches score 0.5 and more. Articles with enough
 * of the words score less, and a rare word weighs more than a common one (inverse document frequency).
 *
 * A score depends on the article, the wording and the counts alone. So the next page, with the counts of the first, begins
 * after a score and an id, whatever else is written. An edit between two pages changes the score of its article: one that
 * falls may come again, which the cursor prevents; one that rises above the score is missed.
 *
 * The statement reads all of the tenant's published articles once: under row-level security no index serves `@@`. What lost:
 * cover density (ts_rank_cd), three times as slow where a query of many words matches everything; one tsquery of all the
 * words, which weighs them alike; counting the words in a statement of its own, which reads everything twice.
 */
export async function rankByWords(
  tx: Transaction,
  tenantId: string,
  query: {
    readonly filter: PublishedFilter;
    readonly wording: Wording;
    readonly limit: number;
    /** The counts of the first page; absent on that page, which counts. */
    readonly counts?: WordCounts | undefined;
    /** The last article of the page before. */
    readonly after?: Ranked | undefined;
  },
): Promise<{ readonly ranked: readonly RankedByWords[]; readonly counts: WordCounts }> {
  const filter = publishedFilterSql(query.filter, 'a');
  const { whole, rankBy, parts } = query.wording;
  const words = parts?.words ?? [];
  const each = (term: (i: number) => string, separator: string) =>
    words.map((_, i) => term(i)).join(separator);
  const isWhole = 'a.search @@ cast(:whole as tsquery)';
  const counts = query.counts
    ? 'select cast(:articles as int) as articles, cast(:counts as int[]) as counts'
    : `select (select count(*) from article_embeddings
                where tenant_id = :tenantId and status in ('pending', 'embedded', 'partial', 'blocked', 'failed'))::int as articles,
              array[${each((i) => `count(*) filter (where rank${i} > 0)`, ', ')}]::int[] as counts
         ${parts ? 'from seen' : ''}`;
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with seen as materialized (
       select a.id, ${isWhole} as is_whole,
              case when ${isWhole} then ${rankOf(':rankBy')} else 0 end as whole_rank, 1 + ln(1 + length(a.search)) as norm
              ${each((i) => `, ${rankOf(`:word${i}`)} as rank${i}`, '')}
         from articles a
        where ${filter.sql} and (${isWhole}${parts ? ' or a.search @@ cast(:any as tsquery)' : ''})
     ), counted as materialized (${counts}),
     weighed as materialized (
       select array(select ln(1 + (articles + 1) / (count + 0.5::float8))
                      from unnest(counts) with ordinality as word (count, position) order by position) as weights
         from counted
     ), scored as (
       select id, is_whole,
              case when is_whole then ${leastWholeScore} + whole_rank / norm / 2
                   else (0 ${each((i) => `+ weights[${i + 1}] * rank${i}`, ' ')}) / total / norm / 2 end as score,
              case when is_whole then 1::float8
                   else (0 ${each((i) => `+ case when rank${i} > 0 then weights[${i + 1}] else 0 end`, ' ')}) / total end as share
         from seen, weighed,
              -- In the order of the words, on which a sum of floats depends.
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
      rankBy,
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
