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
  const { saturation, lengthPart, fieldWorth, inexactWorth } = ranking;
  const forms = terms.flatMap((term, index) => term.forms.map((form) => ({ ...form, term: index + 1 })));
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select a.id, r.score, r.share
       from rank_by_words(
              cast(:terms as text[]), cast(:weights as float8[]), cast(:counts as int[]),
              cast(:forms as text[]), cast(:formSizes as int[]), cast(:formTerms as int[]),
              cast(:exacts as text[]), cast(:titles as text[]), :inexactWorth, cast(:fieldWorth as real[]),
              :lengthBase, :lengthEach, cast(:needed as text), cast(:excluded as text), cast(:category as text),
              fold_tags(cast(:tags as text[])), :anyTag, :allFirst, :someSuffice, cast(:afterScore as float8),
              cast(:afterId as uuid), :limit) r
       join articles a on a.tenant_id = :tenantId and a.id = r.article_id and a.status = 'published'
      order by r.score desc, a.id`,
    {
      tenantId,
      terms: terms.map(({ query }) => query),
      weights: terms.map(({ weight }) => weight),
      counts: terms.map(({ count }) => count),
      forms: forms.map((form) => form.query),
      formSizes: forms.map(({ size }) => size),
      formTerms: forms.map(({ term }) => term),
      exacts: terms.map(({ exact }) => exact),
      titles: terms.map(({ inTitle }) => inTitle),
      inexactWorth,
      fieldWorth: [...fieldWorth],
      lengthBase: saturation * (1 - lengthPart),
      lengthEach: (saturation * lengthPart) / averageLength,
      needed: wording.needed,
      excluded: wording.excluded,
      category: filter.category ?? null,
      tags: filter.tags === undefined || filter.tags.length === 0 ? null : [...filter.tags],
      anyTag: filter.tagsMatch === 'any',
      allFirst: wording.allFirst,
      someSuffice: wording.someSuffice,
      afterScore: after?.score ?? null,
      afterId: after?.id ?? null,
      limit,
    },
  );
  return z
    .array(z.object({ id: z.string(), score: z.number(), share: z.number() }))
    .parse(rows)
    .map(({ id, score, share }) => {
      const isWhole = share > 1 - 1e-9;
      const evidence = wording.allFirst ? 2 * (isWhole ? score - leastWholeScore : score) : score;
      return { id, score, share: share * wording.known, isWhole, evidence };
    });
}
