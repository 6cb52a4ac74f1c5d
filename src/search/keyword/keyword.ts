import { type Exclusion, parseQuery, type WordsQuery } from '../../domain/words/parse-query.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { PublishedFilter } from '../../vectors/published-filter.ts';
import type { Marks } from '../passages/marks.ts';
import { createParsedQuery, takeBackCommon } from './parsed-query.ts';
import {
  type QueryResolution,
  type Sought,
  type SoughtAs,
  seek,
  soughtTerm,
  type WordReport,
} from './resolution.ts';
import { createSpellings, type Spellings } from './spelling.ts';
import { createStatistics, type Statistics } from './statistics.ts';
import {
  countWords,
  type Ranked,
  type RankedByWords,
  rankByWords,
  type WordStatistics,
} from './words-read-model.ts';

export interface KeywordQuery {
  readonly q: string;
  readonly filter: Omit<PublishedFilter, 'excluded'>;
  readonly limit: number;
  /** What the first page has found out; absent on that page. */
  readonly plan?: QueryResolution | undefined;
  /** The last hit of the page before. */
  readonly after?: Ranked | undefined;
}

export interface KeywordRanking {
  readonly plan: QueryResolution;
  readonly ranked: readonly RankedByWords[];
  /** What is marked in snippets; undefined when no word of the query is in any article. */
  readonly marks: Marks | undefined;
  /** What became of each word of the query. */
  readonly words: readonly WordReport[];
  /** The part of the query that some article has, by the weights of its words; 1 is all of it. */
  readonly known: number;
  /** The text of a tsquery for what the query excludes; null where it excludes nothing. */
  readonly excluded: string | null;
}

/** Search by words. */
export interface KeywordSearch {
  /** Ranks the tenant's published articles by the words of a query. */
  rank(tx: Transaction, tenantId: string, query: KeywordQuery): Promise<KeywordRanking>;
  /** What a query excludes, without the ranking: the text of a tsquery, null where it excludes nothing. */
  findExcluded(tx: Transaction, tenantId: string, q: string): Promise<string | null>;
}

/**
 * Creates the search by words.
 *
 * Articles with all of the terms come first, then those with some. A term that no article has is left out: the last one is tried
 * as the beginning of a word, and a word that may be misspelt is replaced by the most similar word of the tenant's own articles.
 */
export function createKeywordSearch(): KeywordSearch {
  const statistics = createStatistics();
  const spellings = createSpellings();

  const understand = async (tx: Transaction, tenantId: string, q: string, plan?: QueryResolution) => {
    if (plan !== undefined) {
      const query = parseQuery(q, plan.languages);
      return {
        resolution: plan,
        sought: seek(plan.withCommon ? takeBackCommon(query, plan.languages) : query, plan),
      };
    }
    const parsed = createParsedQuery(q);
    const { of, counts } = await statistics.begin(tx, tenantId, (languages) =>
      parsed.in(languages).terms.map((term) => term.query),
    );
    const { languages } = of;
    const query = parsed.in(languages);
    const counted = { of, statistics, spellings };
    const resolution = await resolve(tx, tenantId, query, { ...counted, counts });
    if (resolution.terms.some(({ count }) => count > 0))
      return { resolution, sought: seek(query, resolution) };
    const withCommon = takeBackCommon(query, languages);
    if (withCommon === query) return { resolution, sought: seek(query, resolution) };
    // No word of the query is in any article, but for those that were left out. Where they are rare, they are sought.
    const again = await resolve(tx, tenantId, withCommon, counted);
    const rare = Math.max(1, again.articles / 10);
    const terms = again.terms.map((term) => (term.count <= rare ? term : { ...term, count: 0 }));
    const retried = { ...again, terms, withCommon: true };
    return { resolution: retried, sought: seek(withCommon, retried) };
  };

  return {
    async rank(tx, tenantId, { q, filter, limit, plan, after }) {
      const { resolution, sought } = await understand(tx, tenantId, q, plan);
      const ranked = await rankByWords(tx, tenantId, { filter, wording: sought.wording, limit, after });
      return { plan: resolution, ranked, marks: marksOf(sought), ...reportOf(sought) };
    },
    async findExcluded(tx, tenantId, q) {
      if (!mayExclude(q) || parseQuery(q, []).exclusions.length === 0) return null;
      const { sought } = await understand(tx, tenantId, q);
      return sought.wording.excluded;
    },
  };
}

const reportOf = ({ words, known, wording: { excluded } }: Sought) => ({ words, known, excluded });

const marksOf = ({ marks }: Sought): Marks | undefined => (marks.terms.length === 0 ? undefined : marks);

/** Whether a query has a sign that may exclude something: a minus, or a dash in its place. */
const mayExclude = (q: string) => /[-\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/.test(q);

/** With more misspelt words than these, an empty result is more useful than a guess. */
const maxMisspelt = 3;

/** Finds out which terms the tenant's articles have, and how the others are sought. */
async function resolve(
  tx: Transaction,
  tenantId: string,
  query: WordsQuery,
  {
    of,
    statistics,
    spellings,
    counts,
  }: {
    readonly of: WordStatistics;
    readonly statistics: Statistics;
    readonly spellings: Spellings;
    /** The numbers of articles with its terms, where they are known. */
    readonly counts?: readonly number[];
  },
): Promise<QueryResolution> {
  const count = (queries: readonly string[]) => statistics.count(tx, tenantId, queries, of);
  const typed = counts ?? (await count(query.terms.map((term) => term.query)));
  const terms: { as: SoughtAs; count: number }[] = query.terms.map((_, index) => ({
    as: 'typed',
    count: typed[index] ?? 0,
  }));

  /** Seeks some of the unknown terms in another way, where articles have them so. */
  const seekAs = async (ways: readonly { readonly index: number; readonly as: SoughtAs }[]) => {
    const tried = ways.flatMap(({ index, as }) => {
      const term = query.terms[index];
      const sought = term && soughtTerm(term, as, of.languages);
      return sought === undefined ? [] : [{ index, as, sought }];
    });
    if (tried.length === 0) return;
    const counts = await count(tried.map(({ sought }) => sought.query));
    tried.forEach(({ index, as }, at) => {
      const found = counts[at] ?? 0;
      if (found > 0) terms[index] = { as, count: found };
    });
  };
  const listUnknown = () => [...query.terms.entries()].filter(([index]) => terms[index]?.count === 0);

  await seekAs(
    listUnknown().flatMap(([index, { asPrefix }]) =>
      asPrefix === null ? [] : [{ index, as: 'prefix' as const }],
    ),
  );
  const misspelt = listUnknown()
    .flatMap(([index, { correctable }]) => (correctable === null ? [] : [{ index, correctable }]))
    .slice(0, maxMisspelt);
  const right = await spellings.find(
    tx,
    tenantId,
    misspelt.map(({ correctable }) => correctable),
    of,
  );
  await seekAs(
    misspelt.flatMap(({ index, correctable }) => {
      const word = right.get(correctable);
      return word === undefined ? [] : [{ index, as: { word } }];
    }),
  );

  return {
    ...of,
    withCommon: false,
    terms,
    options: await findOptions(tx, tenantId, query, terms, of.languages),
  };
}

/**
 * Which exclusions of a query are options of a command: those that some article has as they are written, beside all the other
 * words that any article has.
 */
async function findOptions(
  tx: Transaction,
  tenantId: string,
  { terms, exclusions }: WordsQuery,
  sought: readonly { readonly as: SoughtAs; readonly count: number }[],
  languages: readonly string[],
): Promise<QueryResolution['options']> {
  const none = { isOption: false, count: 0 };
  if (exclusions.every(isPlain)) return exclusions.map(() => none);
  const others = terms.flatMap((term, index) => {
    const { as, count } = sought[index] ?? { as: 'typed', count: 0 };
    const found = count === 0 ? undefined : soughtTerm(term, as, languages);
    return found === undefined ? [] : [`(${found.query})`];
  });
  const counts = await countWords(
    tx,
    tenantId,
    exclusions.map(({ asOption }) => [...others, `(${asOption.query})`].join(' & ')),
    { atMost: maxOptionCount },
  );
  return exclusions.map((exclusion, index) => {
    const count = isPlain(exclusion) ? 0 : (counts[index] ?? 0);
    return { isOption: count > 0, count };
  });
}

/** Whether what is excluded is written no other way where it is an option, so that no article tells the two apart. */
const isPlain = ({ term, asOption }: Exclusion) => term.query === asOption.query;

/** Options are counted so far: they are rare, and their weight changes little beyond. */
const maxOptionCount = 100;
