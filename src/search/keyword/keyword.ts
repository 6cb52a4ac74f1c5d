import { parseQuery as parseTerms } from '../../domain/words/parse-query.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import type { PublishedFilter } from '../../vectors/published-filter.ts';
import type { Marks } from '../passages/marks.ts';
import {
  leastWholeScore,
  parseQuery,
  type Ranked,
  type RankedByWords,
  rankByWords,
  type WordCounts,
  type Wording,
} from './keyword-read-model.ts';
import { chooseSpellings, maxLengthDifference, mayBeMisspelt } from './spelling.ts';
import { listSimilarWords, listUnknownWords } from './vocabulary-read-model.ts';
import {
  anyOf,
  anyWord,
  countWords,
  readWebQuery,
  replaceWords,
  type WebQuery,
  wantedWords,
  withoutRepeats,
  writeWebQuery,
} from './web-query.ts';

/**
 * What the first page of a search has learned from the tenant's articles. Later pages use it again, so that writes between
 * the pages change neither a spelling nor a score.
 */
export interface KeywordPlan {
  readonly counts: WordCounts;
  /** Misspelt words, each with the word that is searched for instead. */
  readonly spellings: readonly (readonly [typed: string, known: string])[];
}

export interface KeywordQuery {
  readonly q: string;
  readonly filter: PublishedFilter;
  readonly limit: number;
  /** The plan of the first page; absent on that page, which makes it. */
  readonly plan?: KeywordPlan | undefined;
  /** The last hit of the page before. */
  readonly after?: Ranked | undefined;
}

export interface KeywordRanking {
  readonly plan: KeywordPlan;
  readonly ranked: readonly RankedByWords[];
  /** What is marked in snippets; undefined when the query has no word. */
  readonly marks: Marks | undefined;
}

/** The most words of a query that are weighed. Each word costs a test of every article. */
export const maxWords = 24;

/**
 * The most words of a query by whose closeness full matches are ranked. Postgres compares each occurrence of each word with each
 * of every other word: with 24 words that stand 256 times in an article, that took 5,000 times as long as without closeness.
 */
const maxCloseWords = 4;

/**
 * The least share of a query that an article must have, by the weights of its words. With less it has only common words of
 * the query. Tried on the judged queries of the samples; see test/quality.
 */
const leastShare = 0.3;

/**
 * The number of newest articles from which right spellings are taken. Tried on 770 misspelt words of 10,000 articles of 250
 * words: with 300 articles seven in ten words found theirs, and three words took about as long as the ranking; with 1,000
 * three in a hundred more did, in twice the time.
 */
const vocabularyArticles = 300;
/** What 300 articles of 250 words take, twice over. Postgres sorts all of these words for each query with a misspelt one. */
const vocabularyBytes = 2_000_000;
/** The least similarity by trigrams. It is low because two swapped letters leave few in common; then the slips decide. */
const leastSimilarity = 0.2;
const candidates = 20;
/** With more misspelt words than these, an empty result is more useful than a guess. */
const maxMisspelt = 3;

const none: KeywordPlan = { counts: { articles: 0, words: [] }, spellings: [] };

/**
 * Ranks the tenant's published articles by the words of a web-search query.
 *
 * Articles with all of the words come first, then those with some of them. A query with a quote or without a space
 * (`lock_timeout`) is taken literally: it finds full matches only. When no article matches fully and a word is in no article,
 * that word is replaced by the most similar word of the tenant's own articles.
 */
export async function rankByKeyword(
  tx: Transaction,
  tenantId: string,
  query: KeywordQuery,
): Promise<KeywordRanking> {
  const { q, filter, plan, limit, after } = query;
  const typed = readWebQuery(await parseQuery(tx, q));
  if (typed === undefined) return { plan: plan ?? none, ranked: [], marks: undefined };

  const rank = async (spellings: KeywordPlan['spellings']): Promise<KeywordRanking> => {
    const tree = withoutRepeats(replaceWords(typed, new Map(spellings)));
    const wording = wordingOf(tree, /^[^"]*\s[^"]*$/.test(q.trim()));
    const { ranked, counts } = await rankByWords(tx, tenantId, {
      filter,
      wording,
      limit,
      after,
      counts: plan?.counts,
    });
    return { plan: { counts, spellings }, ranked, marks: marksOf(q, spellings) };
  };

  if (plan !== undefined) return rank(plan.spellings);
  const asTyped = await rank([]);
  if ((asTyped.ranked[0]?.score ?? 0) >= leastWholeScore) return asTyped;
  const misspelt = await listMisspelt(tx, tenantId, typed, asTyped.plan.counts);
  if (misspelt.length === 0) return asTyped;
  const similar = await listSimilarWords(tx, tenantId, misspelt, {
    newest: vocabularyArticles,
    maxBytes: vocabularyBytes,
    leastSimilarity,
    lengthDifference: maxLengthDifference,
    each: candidates,
  });
  const spellings = chooseSpellings(similar);
  return spellings.size === 0 ? asTyped : rank([...spellings]);
}

/** The words of the query that no published article of the tenant has, and that may be misspelt. */
async function listMisspelt(
  tx: Transaction,
  tenantId: string,
  typed: WebQuery,
  counts: WordCounts,
): Promise<string[]> {
  // A word with a count is known. One without may be known, too: it was not weighed, or the filter or another part of the
  // query leaves out its articles.
  const suspects = wantedWords(typed)
    .slice(0, maxWords)
    .filter((word, i) => (counts.words[i] ?? 0) === 0 && mayBeMisspelt(word));
  if (suspects.length === 0) return [];
  return (await listUnknownWords(tx, tenantId, suspects)).slice(0, maxMisspelt);
}

function wordingOf(tree: WebQuery, mayBePart: boolean): Wording {
  const whole = writeWebQuery(tree);
  const words = wantedWords(tree).slice(0, maxWords);
  const rankBy = countWords(tree) > maxCloseWords ? anyWord(words) : whole;
  if (!mayBePart || words.length < 2) return { whole, rankBy };
  return { whole, rankBy, parts: { any: anyOf(tree, words), words, leastShare } };
}

function marksOf(q: string, spellings: KeywordPlan['spellings']): Marks {
  const typed = parseTerms(q, []).terms.map(({ marks }) => marks);
  return { terms: [...typed, ...spellings.map(([, known]) => [known])] };
}
