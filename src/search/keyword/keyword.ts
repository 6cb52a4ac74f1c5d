import type { Transaction } from '../../platform/postgres/database.ts';
import {
  leastWholeScore,
  parseQuery,
  type Ranked,
  type RankedByWords,
  rankByWords,
  type SearchFilter,
  type WordCounts,
  type Wording,
} from './keyword-store.ts';
import { chooseSpellings, maxLengthDifference, mayBeMisspelt } from './spelling.ts';
import { listUnknownWords, readSimilarWords } from './vocabulary-store.ts';
import {
  anyOf,
  readWebQuery,
  replaceWords,
  type WebQuery,
  wantedWords,
  withoutRepeats,
  writeWebQuery,
} from './web-query.ts';

/**
 * What the tenant's articles decided about a query when it was first asked. Its later pages keep to it, so that what is
 * written meanwhile changes neither a spelling nor a score.
 */
export interface KeywordPlan {
  readonly counts: WordCounts;
  /** Words as they were typed and as they are looked for. */
  readonly spellings: readonly (readonly [typed: string, known: string])[];
}

export interface KeywordQuery extends SearchFilter {
  readonly q: string;
  readonly limit: number;
  /** The plan of the first page; made where there is none. */
  readonly plan?: KeywordPlan | undefined;
  /** The last hit of the page before. */
  readonly after?: Ranked | undefined;
}

export interface KeywordRanking {
  readonly plan: KeywordPlan;
  readonly ranked: readonly RankedByWords[];
  /** The tsquery whose words a snippet marks; undefined when there is no word in the query. */
  readonly marks: string | undefined;
}

/** Of a long question only so many words are weighed by themselves: each costs a look at every article. */
export const maxWords = 24;

/**
 * What an article must have at least of a question, by the weights of its words: with less it shares only common words with it.
 * Tried on the judged queries of the samples; see test/quality.
 */
const leastShare = 0.3;

/**
 * A tenant's words are taken from its newest articles. Tried on 770 misspelt words of 10,000 articles of 250 words: 300 of them
 * spell seven in ten, and three words cost about what the ranking does; 1,000 spell three in a hundred more, for twice as much.
 */
const vocabularyArticles = 300;
/** A word with two swapped letters shares no more of its trigrams with the right one. How many slips it has decides then. */
const leastSimilarity = 0.2;
const candidates = 20;
/** Who misspells more than three words of a query had better see that nothing was found. */
const maxMisspelt = 3;

const none: KeywordPlan = { counts: { articles: 0, words: [] }, spellings: [] };

/**
 * Ranks the tenant's published articles by the words of a web-search query. When no article satisfies it and a word of it is in
 * none, that word is looked for as the tenant's own articles spell the one most like it. Articles that have only some of the
 * words follow those that have all, but for a query with a quote or of one piece (lock_timeout): who writes that means it.
 */
export async function rankByKeyword(
  tx: Transaction,
  tenantId: string,
  query: KeywordQuery,
): Promise<KeywordRanking> {
  const { q, plan, category, tags, tagsMatch, limit, after } = query;
  const typed = readWebQuery(await parseQuery(tx, q));
  if (typed === undefined) return { plan: plan ?? none, ranked: [], marks: undefined };

  const rank = async (spellings: KeywordPlan['spellings']): Promise<KeywordRanking> => {
    const wording = wordingOf(
      withoutRepeats(replaceWords(typed, new Map(spellings))),
      /^[^"]*\s[^"]*$/.test(q.trim()),
    );
    const filter = { category, tags, tagsMatch };
    const { ranked, counts } = await rankByWords(tx, tenantId, {
      ...filter,
      wording,
      limit,
      after,
      counts: plan?.counts,
    });
    return { plan: { counts, spellings }, ranked, marks: wording.parts?.any ?? wording.whole };
  };

  if (plan !== undefined) return rank(plan.spellings);
  const asTyped = await rank([]);
  if ((asTyped.ranked[0]?.score ?? 0) >= leastWholeScore) return asTyped;
  const misspelt = await listMisspelt(tx, tenantId, typed, asTyped.plan.counts);
  if (misspelt.length === 0) return asTyped;
  const similar = await readSimilarWords(tx, tenantId, misspelt, {
    newest: vocabularyArticles,
    leastSimilarity,
    lengthDifference: maxLengthDifference,
    each: candidates,
  });
  const spellings = chooseSpellings(similar);
  return spellings.size === 0 ? asTyped : rank([...spellings]);
}

/** The words of the query that are in no article of the tenant and may be misspelt. */
async function listMisspelt(
  tx: Transaction,
  tenantId: string,
  typed: WebQuery,
  counts: WordCounts,
): Promise<string[]> {
  // One that was counted is known. None was where words are not weighed; and one that was not found may be in an article that
  // the filter or the query keeps out.
  const suspects = wantedWords(typed)
    .slice(0, maxWords)
    .filter((word, i) => (counts.words[i] ?? 0) === 0 && mayBeMisspelt(word));
  if (suspects.length === 0) return [];
  return (await listUnknownWords(tx, tenantId, suspects)).slice(0, maxMisspelt);
}

function wordingOf(tree: WebQuery, mayBePart: boolean): Wording {
  const whole = writeWebQuery(tree);
  const words = wantedWords(tree).slice(0, maxWords);
  if (!mayBePart || words.length < 2) return { whole };
  return { whole, parts: { any: anyOf(tree, words), words, leastShare } };
}
