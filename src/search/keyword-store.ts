import { z } from 'zod';
import type { Category } from '../articles/article.ts';
import type { Transaction } from '../platform/postgres.ts';
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

/** A word and how much it says: the weights of a query's words add up to 1. */
export interface WeightedWord {
  readonly word: string;
  readonly weight: number;
}

/** What articles are ranked by; both queries are texts of tsqueries. */
export interface Wording {
  /** What an article must satisfy to count as a full match. */
  readonly whole: string;
  /** What one that satisfies the query only in part must satisfy at least, and its words; absent where parts do not count. */
  readonly parts?: {
    readonly any: string;
    readonly words: readonly WeightedWord[];
    /** The least sum of the weights of the words that are there. */
    readonly leastShare: number;
  };
}

/** The least score of an article that satisfies the whole query; with some of the words only it scores less. */
export const leastWholeScore = 0.5;

/** Title and body count 1 and 0.4 as Postgres has it; 1: divided by the logarithm of the length, 32: brought below 1. */
const normalization = 1 | 32;

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
 * In how many of the tenant's published articles each word is, how many satisfy the whole query, and how many there are.
 * One reading of them all: under row-level security no index serves `@@`.
 */
export async function countWords(
  tx: Transaction,
  tenantId: string,
  whole: string,
  words: readonly string[],
): Promise<{ readonly published: number; readonly whole: number; readonly counts: readonly number[] }> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select count(*)::int as published, count(*) filter (where search @@ cast(:whole as tsquery))::int as whole,
            array[${words.map((_, i) => `count(*) filter (where search @@ cast(:word${i} as tsquery))`).join(', ')}]::int[] as counts
       from articles
      where tenant_id = :tenantId and status = 'published'`,
    { tenantId, whole, ...wordBindings(words) },
  );
  const [counted] = z
    .tuple([z.object({ published: z.number(), whole: z.number(), counts: z.array(z.number()) })])
    .parse(rows);
  return counted;
}

/**
 * The tenant's published articles that satisfy the query, best first: those that satisfy all of it (0.5 and more), after them
 * those that have enough of its words. A score depends on the article and the wording alone, so that a page can begin after
 * a score and an id, whatever else is written.
 *
 * What lost: cover density (ts_rank_cd), which takes three times as long where a query of many words matches everything;
 * ranking the parts by one query of all the words, which weighs a rare word like a common one.
 */
export async function rankByWords(
  tx: Transaction,
  tenantId: string,
  query: SearchFilter & {
    readonly wording: Wording;
    readonly limit: number;
    readonly after?: Ranked | undefined;
    readonly without?: readonly string[] | undefined;
  },
): Promise<Ranked[]> {
  const filter = filterSql(query);
  const { whole, parts } = query.wording;
  const rank = (of: string) => `ts_rank(a.search, ${of}, ${normalization})`;
  const sum = (term: (word: string, weight: string) => string) =>
    parts?.words.map((_, i) => term(`cast(:word${i} as tsquery)`, `cast(:weight${i} as float8)`)).join(' + ');
  const wholeQuery = 'cast(:whole as tsquery)';
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select id, score
       from (
         select a.id,
                case when a.search @@ ${wholeQuery} then ${leastWholeScore} + ${rank(wholeQuery)}::float8 / 2
                     else ${parts ? `(${sum((word, weight) => `${weight} * ${rank(word)}`)}) / 2` : '0'} end as score
           from articles a
          where ${filter.sql}
            and (a.search @@ ${wholeQuery}${
              parts
                ? ` or (a.search @@ cast(:any as tsquery) and
                    ${sum((word, weight) => `case when a.search @@ ${word} then ${weight} else 0 end`)} >= :leastShare)`
                : ''
            })
       ) found
      where ${query.after ? '(score < :afterScore or (score = :afterScore and id > :afterId))' : 'true'}
      order by score desc, id
      limit :limit`,
    {
      tenantId,
      whole,
      ...(parts && {
        any: parts.any,
        leastShare: parts.leastShare,
        ...wordBindings(parts.words.map(({ word }) => word)),
        ...Object.fromEntries(parts.words.map(({ weight }, i) => [`weight${i}`, weight])),
      }),
      ...(query.after && { afterScore: query.after.score, afterId: query.after.id }),
      limit: query.limit,
      ...filter.bindings,
    },
  );
  return z.array(z.object({ id: z.string(), score: z.number() })).parse(rows);
}

/** A word of the tenant's own articles that is spelt somewhat like another. */
export interface SimilarWord {
  readonly word: string;
  readonly known: string;
  /** In how many of the articles that were looked at. */
  readonly articles: number;
}

/**
 * For each of these words, the words of the tenant's newest published articles that share the most trigrams with it.
 *
 * What lost: a table of every tenant's words, which each write of an article would have to keep; an index for `%`, which
 * row-level security leaves unused.
 */
export async function readSimilarWords(
  tx: Transaction,
  tenantId: string,
  words: readonly string[],
  bounds: {
    readonly newest: number;
    readonly leastSimilarity: number;
    readonly lengthDifference: number;
    readonly each: number;
  },
): Promise<SimilarWord[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with known as materialized (
       select word, ndoc
         from ts_stat(format(
           'select search from articles where tenant_id = %L and status = ''published'' order by created_at desc limit %s',
           cast(:tenantId as uuid), cast(:newest as int)))
     )
     select wanted.word, near.word as known, near.ndoc as articles
       from unnest(cast(:words as text[])) as wanted (word)
      cross join lateral (
        select known.word, known.ndoc
          from known
         where length(known.word) between length(wanted.word) - :difference and length(wanted.word) + :difference
           and similarity(known.word, wanted.word) >= :leastSimilarity
         order by similarity(known.word, wanted.word) desc, known.word
         limit :each
      ) near`,
    {
      tenantId,
      words: [...words],
      newest: bounds.newest,
      leastSimilarity: bounds.leastSimilarity,
      difference: bounds.lengthDifference,
      each: bounds.each,
    },
  );
  return z.array(z.object({ word: z.string(), known: z.string(), articles: z.number() })).parse(rows);
}

/** Which of these tags no published article of the tenant has. */
export async function listUnknownTags(
  tx: Transaction,
  tenantId: string,
  tags: readonly string[],
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select wanted.tag
       from unnest(cast(:tags as text[])) with ordinality as wanted (tag, place)
      where not exists (select 1 from articles a
                         where a.tenant_id = :tenantId and a.status = 'published' and wanted.tag = any(a.tags))
      order by wanted.place`,
    { tenantId, tags: [...tags] },
  );
  return z
    .array(z.object({ tag: z.string() }))
    .parse(rows)
    .map(({ tag }) => tag);
}

/** The filter on `a`, an article, as SQL and its bindings. */
function filterSql({ category, tags, tagsMatch }: SearchFilter) {
  const conditions = ["a.tenant_id = :tenantId and a.status = 'published'"];
  if (category !== undefined) conditions.push('a.category = :category');
  const hasTags = tags !== undefined && tags.length > 0;
  if (hasTags) conditions.push(`a.tags ${tagsMatch === 'any' ? '&&' : '@>'} cast(:tags as text[])`);
  return {
    sql: conditions.join(' and '),
    bindings: { ...(category === undefined ? {} : { category }), ...(hasTags ? { tags: [...tags] } : {}) },
  };
}

const wordBindings = (words: readonly string[]) =>
  Object.fromEntries(words.map((word, i) => [`word${i}`, quoteWord(word)]));
