import type { Transaction } from '../platform/postgres.ts';
import {
  countWords,
  parseQuery,
  type Ranked,
  rankByWords,
  readSimilarWords,
  type SearchFilter,
  type Wording,
} from './keyword-store.ts';
import { chooseSpellings, maxLengthDifference, mayBeMisspelt } from './spelling.ts';
import { anyOf, readWebQuery, replaceWords, type WebQuery, wantedWords, writeWebQuery } from './web-query.ts';

/**
 * What the tenant's articles decided about a query when it was first asked. Its later pages keep to it, so that what is
 * written meanwhile changes neither a spelling nor a score.
 */
export interface KeywordPlan {
  /** Articles that the words were counted in. */
  readonly published: number;
  /** In how many of them each word is, in the order of the words. */
  readonly counts: readonly number[];
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
  readonly ranked: readonly Ranked[];
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

/** Of the newest articles a tenant's words are taken from: of 1,000 with 300 words each in 40 ms. */
const vocabularyArticles = 1_000;
/** A word with two swapped letters shares no more of its trigrams with the right one. How many slips it has decides then. */
const leastSimilarity = 0.2;
const candidates = 20;
/** Who misspells more than three words of a query had better see that nothing was found. */
const maxMisspelt = 3;

const none: KeywordPlan = { published: 0, counts: [], spellings: [] };

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
  const typed = readWebQuery(await parseQuery(tx, query.q));
  if (typed === undefined) return { plan: query.plan ?? none, ranked: [], marks: undefined };
  const plan = query.plan ?? (await makePlan(tx, tenantId, typed));
  const tree = replaceWords(typed, new Map(plan.spellings));
  const wording = wordingOf(tree, plan, /^[^"]*\s[^"]*$/.test(query.q.trim()));
  const { category, tags, tagsMatch, limit, after } = query;
  const ranked = await rankByWords(tx, tenantId, { category, tags, tagsMatch, limit, after, wording });
  return { plan, ranked, marks: wording.parts?.any ?? wording.whole };
}

async function makePlan(tx: Transaction, tenantId: string, typed: WebQuery): Promise<KeywordPlan> {
  const count = async (tree: WebQuery) => {
    const words = wantedWords(tree).slice(0, maxWords);
    return { words, ...(await countWords(tx, tenantId, writeWebQuery(tree), words)) };
  };
  const { words, published, whole, counts } = await count(typed);
  const unknown = words.filter((word, i) => counts[i] === 0 && mayBeMisspelt(word)).slice(0, maxMisspelt);
  if (whole > 0 || unknown.length === 0) return { published, counts, spellings: [] };
  const similar = await readSimilarWords(tx, tenantId, unknown, {
    newest: vocabularyArticles,
    leastSimilarity,
    lengthDifference: maxLengthDifference,
    each: candidates,
  });
  const spellings = chooseSpellings(similar);
  if (spellings.size === 0) return { published, counts, spellings: [] };
  const corrected = await count(replaceWords(typed, spellings));
  return { published, counts: corrected.counts, spellings: [...spellings] };
}

/** A rare word says more than a common one (inverse document frequency); one that is nowhere is the rarest. */
function wordingOf(tree: WebQuery, { published, counts }: KeywordPlan, mayBePart: boolean): Wording {
  const whole = writeWebQuery(tree);
  const words = wantedWords(tree).slice(0, maxWords);
  if (!mayBePart || words.length < 2) return { whole };
  const weights = words.map((_, i) => Math.log(1 + (published + 1) / ((counts[i] ?? 0) + 0.5)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    whole,
    parts: {
      any: anyOf(tree, words),
      words: words.map((word, i) => ({ word, weight: (weights[i] ?? 0) / total })),
      leastShare,
    },
  };
}
