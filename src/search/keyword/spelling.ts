import { LRUCache } from 'lru-cache';
import type { Transaction } from '../../platform/postgres/database.ts';
import { createVocabulary, type Vocabulary } from './vocabulary.ts';
import { listKnownWords, listSimilarWords, type SimilarWord } from './vocabulary-read-model.ts';

/**
 * The number of newest articles from which right spellings are taken. Tried on 770 misspelt words of 10,000 articles of 250
 * words: with 300 articles seven in ten words found theirs; with 1,000 three in a hundred more did, in twice the time.
 */
const vocabularyArticles = 300;
/** What 300 articles of 250 words take, twice over. Postgres sorts all of these words for each query with a misspelt one. */
const vocabularyBytes = 2_000_000;
/** The least similarity by trigrams. It is low because two swapped letters leave few in common; then the slips decide. */
const leastSimilarity = 0.2;
const candidates = 20;

const ofVocabulary = { newest: vocabularyArticles, maxBytes: vocabularyBytes };

/** Right spellings for the words of queries. */
export interface Spellings {
  /** For each of these words that may be misspelt, the most similar word of the tenant's newest articles, if there is one. */
  find(
    tx: Transaction,
    tenantId: string,
    words: readonly string[],
    of: { readonly articles: number },
  ): Promise<ReadonlyMap<string, string>>;
}

/** The newest articles of a large tenant have the words of those before; to read them takes 50 ms. */
const keptMs = 60_000;
/** A smaller tenant's are read each time, so that the words of a new article are right spellings at once. */
const largeTenant = 1_000;
/** 300 articles of prose have fewer. A text that is made of nothing but new words has many more. */
const vocabularyWords = 30_000;
/** What a process remembers: the words of ten tenants and more. */
const keptBytes = 20_000_000;

/** Creates the spellings of one process. */
export function createSpellings(): Spellings {
  const vocabularies = new LRUCache<string, Vocabulary>({
    ...{ ttl: keptMs, ttlResolution: 0, maxSize: keptBytes },
    sizeCalculation: ({ bytes }) => bytes + 1,
  });
  const vocabularyOf = async (tx: Transaction, tenantId: string) => {
    const known = vocabularies.get(tenantId);
    if (known !== undefined) return known;
    const vocabulary = createVocabulary(
      await listKnownWords(tx, tenantId, { ...ofVocabulary, atMost: vocabularyWords }),
    );
    vocabularies.set(tenantId, vocabulary);
    return vocabulary;
  };
  return {
    async find(tx, tenantId, words, { articles }) {
      const suspects = [...new Set(words)].filter(mayBeMisspelt);
      if (suspects.length === 0) return new Map();
      const bounds = { leastSimilarity, lengthDifference: maxLengthDifference, each: candidates };
      const similar =
        articles < largeTenant
          ? await listSimilarWords(tx, tenantId, suspects, { ...ofVocabulary, ...bounds })
          : (await vocabularyOf(tx, tenantId)).similarTo(suspects, bounds);
      return chooseSpellings(similar);
    },
  };
}

/**
 * The number of slips that a word may contain: none in a short word, where one letter makes another word, two in a long one.
 * Tried on 770 misspelt words of the samples: four in five found their word, one in sixteen another. Twenty words that are in
 * no sample found none.
 */
const slipsIn = (letters: number) => (letters < 4 ? 0 : letters < 8 ? 1 : 2);

/** Whether a word could be misspelt. Identifiers and numbers cannot: one that differs in a character is another one. */
export function mayBeMisspelt(word: string): boolean {
  return /^\p{L}+$/u.test(word) && slipsIn(Array.from(word).length) > 0;
}

/** The most letters by which a misspelt word and its right form differ in length. */
export const maxLengthDifference = 2;

/** For each misspelt word the likeliest right one: the one with the fewest slips and, of those, in the most articles. */
export function chooseSpellings(similar: readonly SimilarWord[]): Map<string, string> {
  const best = new Map<
    string,
    { readonly known: string; readonly slips: number; readonly articles: number }
  >();
  for (const { word, known, articles } of similar) {
    if (!/^\p{L}+$/u.test(known) || !beginsAlike(word, known)) continue;
    // The stemmer changes a final y to i after a consonant only, so a misspelt word may have kept its y.
    const slips = Math.min(countSlips(word, known), countSlips(word.replace(/y$/, 'i'), known));
    if (slips > slipsIn(Array.from(word).length)) continue;
    const other = best.get(word);
    const isBetter =
      other === undefined || slips < other.slips || (slips === other.slips && articles > other.articles);
    if (isBetter) best.set(word, { known, slips, articles });
  }
  return new Map([...best].map(([word, { known }]) => [word, known]));
}

/** Whether the first letters agree or are swapped with the second: people seldom get the first letter wrong otherwise. */
function beginsAlike(left: string, right: string): boolean {
  const [a, b] = [Array.from(left), Array.from(right)];
  return a[0] === b[0] || (a[0] === b[1] && a[1] === b[0]);
}

/** The number of letters that are wrong, missing, extra or swapped with their neighbour (optimal string alignment). */
export function countSlips(left: string, right: string): number {
  const [a, b] = [Array.from(left), Array.from(right)];
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let slips = Math.min(changed, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) slips = Math.min(slips, (beforeLast[j - 2] ?? 0) + 1);
      row.push(slips);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
