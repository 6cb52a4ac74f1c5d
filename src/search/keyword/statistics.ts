import { LRUCache } from 'lru-cache';
import type { Transaction } from '../../platform/postgres/database.ts';
import { countWords, listSample, readWordStatistics, type WordStatistics } from './words-read-model.ts';

/** The numbers from which the weights of terms follow. */
export interface Statistics {
  /**
   * Those of the tenant's articles, and the counts of the queries that the tenant's languages make. Mostly in one message, because
   * the languages are mostly those that the tenant had before.
   */
  begin(
    tx: Transaction,
    tenantId: string,
    queriesIn: (languages: readonly string[]) => readonly string[],
  ): Promise<{ readonly of: WordStatistics; readonly counts: readonly number[] }>;
  /** The number of published articles that match each of these tsqueries. Large ones are estimated; 0 is exact. */
  count(
    tx: Transaction,
    tenantId: string,
    queries: readonly string[],
    of: WordStatistics,
  ): Promise<readonly number[]>;
}

/** A large tenant's numbers change little within this time, and each of them costs a reading of many articles. */
const keptMs = 60_000;
/** A smaller tenant is read anew each time, so that the first articles of a language are found by their stems at once. */
const largeTenant = 1_000;
/** From here on a count is estimated: a weight changes by a tenth where a count is wrong by a third. */
const countedAtMost = 1_000;
/** The standard error for a word of 1,000 of 100,000 articles is a third, and less for more common ones. */
const sampleSize = 1_000;
/** The most characters of words whose counts are kept. */
const keptCharacters = 2_000_000;

/** Creates the statistics of one process. */
export function createStatistics(): Statistics {
  const kept = { ttl: keptMs, ttlResolution: 0 };
  const tenants = new LRUCache<string, WordStatistics>({ ...kept, max: 2_000 });
  // Only what they are likely to be: each answer says whether they still are.
  const languages = new LRUCache<string, readonly string[]>({ max: 10_000 });
  const samples = new LRUCache<string, readonly string[]>({ ...kept, max: 200 });
  // Those of common words alone: a rare one is counted in a moment.
  const counts = new LRUCache<string, number>({
    ...kept,
    maxSize: keptCharacters,
    sizeCalculation: (_, key) => key.length,
  });

  const sampleOf = async (tx: Transaction, tenantId: string, articles: number) => {
    if (articles < largeTenant) return [];
    const known = samples.get(tenantId);
    if (known !== undefined) return known;
    const sample = await listSample(tx, tenantId, sampleSize);
    samples.set(tenantId, sample);
    return sample;
  };

  const count: Statistics['count'] = async (tx, tenantId, queries, { articles }) => {
    const keyOf = (query: string) => `${tenantId} ${query}`;
    const found = new Map<string, number>();
    for (const query of queries) {
      const known = counts.get(keyOf(query));
      if (known !== undefined) found.set(query, known);
    }
    const unknown = [...new Set(queries.filter((query) => !found.has(query)))];
    if (unknown.length > 0) {
      const sample = await sampleOf(tx, tenantId, articles);
      const counted = await countWords(tx, tenantId, unknown, { atMost: countedAtMost, sample, articles });
      unknown.forEach((query, index) => {
        const count = counted[index] ?? 0;
        found.set(query, count);
        if (count >= countedAtMost) counts.set(keyOf(query), count);
      });
    }
    return queries.map((query) => found.get(query) ?? 0);
  };

  return {
    count,
    async begin(tx, tenantId, queriesIn) {
      const known = tenants.get(tenantId);
      if (known !== undefined)
        return { of: known, counts: await count(tx, tenantId, queriesIn(known.languages), known) };
      const expected = languages.get(tenantId);
      const queries = expected === undefined ? [] : queriesIn(expected);
      const read = await readWordStatistics(tx, tenantId, queries, { atMost: countedAtMost });
      const { of } = read;
      languages.set(tenantId, of.languages);
      const isLarge = of.articles >= largeTenant;
      if (isLarge) tenants.set(tenantId, of);
      // The counts of a large tenant are estimated from its sample where they are large.
      if (!isLarge && expected !== undefined && areSame(expected, of.languages)) return read;
      return { of, counts: await count(tx, tenantId, queriesIn(of.languages), of) };
    },
  };
}

const areSame = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((each, index) => each === right[index]);
