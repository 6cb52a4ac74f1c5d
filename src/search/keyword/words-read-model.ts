import { z } from 'zod';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { PublishedFilter } from '../../vectors/published-filter.ts';
import type { Wording } from './wording.ts';

/** An article in a ranking. */
export interface Ranked {
  readonly id: string;
  readonly score: number;
}

/** An article in the ranking by words. */
export interface RankedByWords extends Ranked {
  /** The part of the query that the article has, by the weights of its terms; those that no article has count too. */
  readonly share: number;
  /** How well its words speak for it, from 0 to 1, beside the best that the known terms could. */
  readonly evidence: number;
  /** Whether the article has all of the terms that any article has. */
  readonly isWhole: boolean;
}

/** The least score of an article with all of the terms where those come first. */
const leastWholeScore = 0.5;

/** What is known of a tenant's published articles. */
export interface WordStatistics {
  readonly articles: number;
  /** The mean number of words of an article. */
  readonly averageLength: number;
  readonly languages: readonly string[];
}

const statisticsRow = z.tuple([
  z.object({
    articles: z.number(),
    words: z.number(),
    languages: z.array(z.string()),
    counts: z.array(z.number()),
  }),
]);

/**
 * Reads them, and in the same message counts the articles that match each of these tsqueries, up to `atMost`. An index has all of
 * the statistics: 100,000 articles take 20 ms.
 */
export async function readWordStatistics(
  tx: Transaction,
  tenantId: string,
  queries: readonly string[],
  { atMost }: { readonly atMost: number },
): Promise<{ readonly of: WordStatistics; readonly counts: readonly number[] }> {
  const rows = await tx.prepared(
    `select coalesce(sum(articles), 0)::int as articles, coalesce(sum(words), 0)::float8 as words,
            coalesce(array_agg(language order by articles desc, language) filter (where language is not null), '{}') as languages,
            count_words($2::text[], $3::int, '{}', 0) as counts
       from (select language, count(*)::int as articles, sum(length)::float8 as words
               from article_words
              where tenant_id = $1 and version = (select serving_words()) and status = 'published'
              group by language) by_language`,
    [tenantId, [...queries], atMost],
  );
  const [{ articles, words, languages, counts }] = statisticsRow.parse(rows);
  const averageLength = articles === 0 ? 1 : Math.max(1, Math.round(words / articles));
  return { of: { articles, averageLength, languages }, counts };
}

/** So many of the tenant's articles, evenly chosen. */
export async function listSample(tx: Transaction, tenantId: string, size: number): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select article_id as id
       from (select article_id, row_number() over (order by article_id) as place, count(*) over () as articles
               from article_words
              where tenant_id = :tenantId and version = (select serving_words())) numbered
      where place % greatest(1, articles / :size) = 0
      limit :size`,
    { tenantId, size },
  );
  return sampleRows.parse(rows).map(({ id }) => id);
}

const sampleRows = z.array(z.object({ id: z.string() }));

/**
 * The number of published articles of the transaction's tenant that match each of these tsqueries. Numbers of `atMost` and more
 * are estimated from the sample, if one is given.
 */
export async function countWords(
  tx: Transaction,
  _tenantId: string,
  queries: readonly string[],
  {
    atMost,
    sample = [],
    articles = 0,
  }: { readonly atMost: number; readonly sample?: readonly string[]; readonly articles?: number },
): Promise<number[]> {
  if (queries.length === 0) return [];
  const rows = await tx.prepared('select count_words($1::text[], $2::int, $3::uuid[], $4::int) as counts', [
    [...queries],
    atMost,
    [...sample],
    articles,
  ]);
  const [row] = countsRow.parse(rows);
  return row.counts;
}

const countsRow = z.tuple([z.object({ counts: z.array(z.number()) })]);

/**
 * The constants of the ranking, tried on five judged collections: BM25's k1 and b; what an occurrence in the text, in a heading, in
 * tags and in the title counts; what an inflected or folded form is worth beside the very form.
 */
const ranking = {
  saturation: 2,
  lengthPart: 0.75,
  fieldWorth: [1 / 3, 1 / 2, 2 / 3, 1],
  inexactWorth: 1 / 1.2,
} as const;

/**
 * From so many articles times terms on rank_by_words ranks: measured, both take half a millisecond for 30 articles, and for 2,000
 * it takes two thirds of the time.
 */
const fewRankings = 100;

// Each article by its primary key: a plan for every tenant could join with all articles of a large one.
const rankingSql = (ranking: 'rank_by_words' | 'rank_few_by_words') =>
  `select r.article_id as id, r.score, r.share
     from ${ranking}(
            $2::text[], $3::float8[], $4::int[], $5::text[], $6::int[], $7::int[], $8::text[], $9::text[], $10::float8,
            $11::real[], $12::float8, $13::float8, $14::text, $15::text, $16::text, fold_tags($17::text[]), $18::boolean,
            $19::boolean, $20::boolean, $21::float8, $22::uuid, $23::int) r
    cross join lateral (select from articles
                         where tenant_id = $1 and id = r.article_id and status = 'published' offset 0) visible
    order by r.score desc, r.article_id`;

/**
 * The tenant's published articles that match the wording, best first: those with all of its terms, then those with some.
 *
 * A score depends on the article and the wording alone. So the next page, with the wording of the first, begins after a score and
 * an id, whatever else is written. An edit between two pages changes the score of its article: one that falls may come again,
 * which the cursor prevents; one that rises above the score is missed.
 *
 * The owner's function reads the words by their index, past the policies. It names the tenant of the transaction, and the join
 * with the articles under their policies shows no other one's, whatever it answers.
 */
export async function rankByWords(
  tx: Transaction,
  tenantId: string,
  query: {
    readonly filter: PublishedFilter;
    readonly wording: Wording;
    readonly limit: number;
    /** The last article of the page before. */
    readonly after?: Ranked | undefined;
  },
): Promise<RankedByWords[]> {
  const { filter, wording, limit, after } = query;
  const { terms, averageLength } = wording;
  const { tags = [] } = filter;
  if (terms.length === 0) return [];
  const { saturation, lengthPart, fieldWorth, inexactWorth } = ranking;
  const forms = terms.flatMap((term, index) => term.forms.map((form) => ({ ...form, term: index + 1 })));
  // The counts of a later page come from its cursor, which its client may have written.
  const isSure = wording.countsAll && after === undefined;
  const expected = terms.reduce((sum, { count }) => sum + count, 0) * terms.length;
  const rows = await tx.prepared(
    isSure && expected <= fewRankings ? rankingSql('rank_few_by_words') : rankingSql('rank_by_words'),
    [
      tenantId,
      terms.map((term) => term.query),
      terms.map(({ weight }) => weight),
      terms.map(({ count }) => count),
      forms.map((form) => form.query),
      forms.map(({ size }) => size),
      forms.map(({ term }) => term),
      terms.map(({ exact }) => exact),
      terms.map(({ inTitle }) => inTitle),
      inexactWorth,
      fieldWorth,
      saturation * (1 - lengthPart),
      (saturation * lengthPart) / averageLength,
      wording.needed,
      wording.excluded,
      filter.category ?? null,
      tags.length === 0 ? null : [...tags],
      tags.length > 0 && filter.tagsMatch === 'any',
      wording.allFirst,
      wording.someSuffice,
      after?.score ?? null,
      after?.id ?? null,
      limit,
    ],
  );
  return rankedRows.parse(rows).map(({ id, score, share }) => {
    const isWhole = share > 1 - 1e-9;
    const evidence = wording.allFirst ? 2 * (isWhole ? score - leastWholeScore : score) : score;
    return { id, score, share: share * wording.known, isWhole, evidence };
  });
}

const rankedRows = z.array(z.object({ id: z.string(), score: z.number(), share: z.number() }));
