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
  /** The part of the query that the article has, by the weights of its terms; 1 is all of what any article has. */
  readonly share: number;
}

/** The least score of a full match. An article with only some of the terms scores less. */
export const leastWholeScore = 0.5;

/** What is known of a tenant's published articles. */
export interface WordStatistics {
  readonly articles: number;
  /** The mean number of words of an article. */
  readonly averageLength: number;
  readonly languages: readonly string[];
}

/** Reads them. An index has all of them: 100,000 articles take 20 ms. */
export async function readWordStatistics(tx: Transaction, tenantId: string): Promise<WordStatistics> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select language, count(*)::int as articles, sum(length)::float8 as words
       from article_words
      where tenant_id = :tenantId and version = (select serving_words()) and status = 'published'
      group by language
      order by articles desc, language`,
    { tenantId },
  );
  const row = z.object({ language: z.string().nullable(), articles: z.number(), words: z.number() });
  const groups = z.array(row).parse(rows);
  const articles = groups.reduce((sum, group) => sum + group.articles, 0);
  const words = groups.reduce((sum, group) => sum + group.words, 0);
  return {
    articles,
    averageLength: articles === 0 ? 1 : Math.max(1, Math.round(words / articles)),
    languages: groups.flatMap(({ language }) => language ?? []),
  };
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
  return z
    .array(z.object({ id: z.string() }))
    .parse(rows)
    .map(({ id }) => id);
}

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
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    'select count_words(cast(:queries as text[]), :atMost, cast(:sample as uuid[]), :articles) as counts',
    { queries: [...queries], atMost, sample: [...sample], articles },
  );
  const [row] = z.tuple([z.object({ counts: z.array(z.number()) })]).parse(rows);
  return row.counts;
}

/**
 * The constants of the ranking: BM25's k1 and b; what one occurrence in headings, in tags and in the title counts beside those in
 * the text, as parts of `fieldScale`; what an inflected or folded form is worth beside the very form.
 */
export const ranking = {
  saturation: 1.2,
  lengthPart: 0.75,
  fieldScale: 3,
  /** Of D, C, B and A. */
  fieldWorth: [0, 0.2, 0.6, 1],
  formWorth: 0.9,
} as const;

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
  if (terms.length === 0) return [];
  const { saturation, lengthPart, fieldScale, fieldWorth, formWorth } = ranking;
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select a.id, r.score, r.share
       from rank_by_words(
              cast(:terms as text[]), cast(:weights as float8[]), cast(:counts as int[]), cast(:wordsOf as text[]),
              cast(:wordTerms as int[]), cast(:exacts as text[]), :formWorth, cast(:needed as text), cast(:excluded as text),
              cast(:category as text), fold_tags(cast(:tags as text[])), :anyTag, :lengthBase, :lengthEach,
              cast(:fieldWorth as real[]), :fieldScale, :someSuffice, cast(:afterScore as float8), cast(:afterId as uuid), :limit) r
       join articles a on a.tenant_id = :tenantId and a.id = r.article_id and a.status = 'published'
      order by r.score desc, a.id`,
    {
      tenantId,
      terms: terms.map(({ query }) => query),
      weights: terms.map(({ weight }) => weight),
      counts: terms.map(({ count }) => count),
      wordsOf: terms.flatMap(({ words }) => words),
      wordTerms: terms.flatMap(({ words }, index) => words.map(() => index + 1)),
      exacts: terms.map(({ exact }) => exact),
      formWorth,
      needed: wording.needed,
      excluded: wording.excluded,
      category: filter.category ?? null,
      tags: filter.tags === undefined || filter.tags.length === 0 ? null : [...filter.tags],
      anyTag: filter.tagsMatch === 'any',
      lengthBase: saturation * (1 - lengthPart),
      lengthEach: (saturation * lengthPart) / averageLength,
      fieldWorth: [...fieldWorth],
      fieldScale,
      someSuffice: wording.someSuffice,
      afterScore: after?.score ?? null,
      afterId: after?.id ?? null,
      limit,
    },
  );
  return z.array(z.object({ id: z.string(), score: z.number(), share: z.number() })).parse(rows);
}
