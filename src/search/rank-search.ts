import { type Coverage, createCoverageSummary } from '../embedding/coverage/summary.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import { createBackgrounds } from '../vectors/backgrounds.ts';
import { createTenantSizes } from '../vectors/tenant-sizes.ts';
import { readSeenIds } from './cursor.ts';
import { comparableWith, explainFallback, type Fallback, pinnedFallback } from './fallback.ts';
import type { SearchQuery } from './found.ts';
import { createKeywordSearch, type KeywordRanking } from './keyword/keyword.ts';
import type { QueryEmbeddings, QueryVector } from './query-embedding.ts';
import { poolOf, type RankedHit, type Ranking, rankedByWords, rankWithVector } from './ranking.ts';
import { rerankedHits } from './rerank-candidates.ts';
import { shortId } from './seen-ids.ts';

/** What a search has found out before it ranks. */
export interface Gathered {
  /** What is known of the query's vector; undefined where none was asked for. */
  readonly answer: QueryVector | undefined;
  /** The ranking by words; undefined where the vector suffices. */
  readonly words: KeywordRanking | undefined;
  readonly coverage: Coverage;
}

/** The hits of a search in order, from its cursor on. */
export interface RankedSearch {
  readonly ranking: Ranking;
  /** Those that no page before has shown; one more than the page needs where more pages come. */
  readonly unseen: readonly RankedHit[];
  readonly words: KeywordRanking | undefined;
  readonly coverage: Coverage;
  /** Whether meaning has ranked them. */
  readonly byVector: boolean;
  readonly fallback: Fallback | undefined;
}

export interface SearchRanking {
  /** Buys the query's vector, and ranks its words meanwhile. On no connection while the provider is asked. */
  gather(tenantId: string, query: SearchQuery): Promise<Gathered>;
  /** The same of a search that needs no vector, in the transaction that goes on to its page. */
  gatherWords(tx: Transaction, tenantId: string, query: SearchQuery): Promise<Gathered>;
  /** Ranks the hits for a page. */
  rank(tx: Transaction, tenantId: string, query: SearchQuery, gathered: Gathered): Promise<RankedSearch>;
}

/** Ranks by words, by meaning, and by both. */
export function createSearchRanking({
  database,
  queryEmbeddings,
}: {
  readonly database: Database;
  readonly queryEmbeddings: QueryEmbeddings;
}): SearchRanking {
  const keyword = createKeywordSearch();
  const coverages = createCoverageSummary();
  const backgrounds = createBackgrounds();
  const sizes = createTenantSizes();

  const rankWords = (tx: Transaction, tenantId: string, query: SearchQuery) => {
    const { mode, cursor, category, tags, tagsMatch } = query;
    const [seen, depth] = [readSeenIds(cursor), depthOf(query)];
    return keyword.rank(tx, tenantId, {
      q: query.q,
      filter: { category, tags, tagsMatch },
      limit: seen.size + (mode === 'hybrid' && !isPinned(query) ? poolOf(depth) : depth + 1),
      plan: cursor?.keyword?.plan,
      after: cursor?.keyword?.after,
    });
  };

  return {
    async gather(tenantId, query) {
      // Words are ranked during the provider call, on a connection of their own, so that an open breaker or a late provider
      // costs no further time. A search by meaning alone seldom needs them, and ranks them only when it has no vector.
      const [asked, [early, coverage]] = await Promise.all([
        queryEmbeddings.embedQuery(tenantId, query.q, query.apiKeyId),
        // The coverage is sent in the same message as the first statement of the words.
        database.readTenantByKeptPlans(tenantId, (tx) =>
          Promise.all([
            query.mode === 'semantic' ? undefined : rankWords(tx, tenantId, query),
            coverages.read(tx, tenantId),
          ]),
        ),
      ]);
      const answer = comparableWith(asked, coverage);
      const needed = answer.kind !== 'vector' && early === undefined;
      const words = needed
        ? await database.readTenantByKeptPlans(tenantId, (tx) => rankWords(tx, tenantId, query))
        : early;
      return { answer, words, coverage };
    },

    async gatherWords(tx, tenantId, query) {
      const [words, coverage] = await Promise.all([
        rankWords(tx, tenantId, query),
        coverages.read(tx, tenantId),
      ]);
      return { answer: undefined, words, coverage };
    },

    async rank(tx, tenantId, query, { answer, words, coverage }) {
      const { cursor } = query;
      const seen = readSeenIds(cursor);
      const vector = answer?.kind === 'vector' ? answer : undefined;
      const ranking =
        vector === undefined
          ? rankedByWords(words, cursor?.keyword?.before ?? 0)
          : await rankWithVector(
              tx,
              tenantId,
              { ...query, limit: depthOf(query) },
              vector,
              words,
              seen.size,
              {
                excluded: words ? words.excluded : await keyword.findExcluded(tx, tenantId, query.q),
                articles: coverage.embedded,
                backgrounds,
                sizes,
              },
            );
      const fallback =
        cursor !== undefined && isPinned(query)
          ? pinnedFallback(cursor)
          : answer && (await explainFallback(tx, tenantId, answer, coverage));
      const unseen = ranking.fused.filter(({ id }) => !seen.has(shortId(id)));
      return { ranking, unseen, words, coverage, byVector: vector !== undefined, fallback };
    },
  };
}

/** Whether keywords have served the page before, so that they serve this one too. */
export const isPinned = ({ cursor }: SearchQuery): boolean => cursor?.served === 'keyword';

/** Whether the words of a search suffice: nothing is asked of the provider. */
export const isByWords = (query: SearchQuery): boolean => query.mode === 'keyword' || isPinned(query);

/** A reranker chooses the page from more hits than it has. */
const depthOf = ({ limit, rerank }: SearchQuery): number => (rerank ? Math.max(limit, rerankedHits) : limit);
