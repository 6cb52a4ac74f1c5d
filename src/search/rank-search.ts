import { type Coverage, readCoverage } from '../embedding/coverage/summary.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import { createBackgrounds } from '../vectors/backgrounds.ts';
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
  const backgrounds = createBackgrounds();
  return {
    async gather(tenantId, query) {
      const { mode, cursor, category, tags, tagsMatch } = query;
      const [seen, depth, pinned] = [readSeenIds(cursor), depthOf(query), isPinned(query)];
      const byKeyword = () =>
        database.withTenant(tenantId, (tx) =>
          keyword.rank(tx, tenantId, {
            q: query.q,
            filter: { category, tags, tagsMatch },
            limit: seen.size + (mode === 'hybrid' && !pinned ? poolOf(depth) : depth + 1),
            plan: cursor?.keyword?.plan,
            after: cursor?.keyword?.after,
          }),
        );
      // Words are ranked during the provider call, on a connection of their own, so that an open breaker or a late provider
      // costs no further time. A search by meaning alone seldom needs them, and ranks them only when it has no vector.
      // The coverage is counted meanwhile too: for 10,000 articles that takes as long as ranking them by vectors.
      const [asked, early, coverage] = await Promise.all([
        mode === 'keyword' || pinned
          ? undefined
          : queryEmbeddings.embedQuery(tenantId, query.q, query.apiKeyId),
        mode === 'semantic' && !pinned ? undefined : byKeyword(),
        database.withTenant(tenantId, (tx) => readCoverage(tx, tenantId)),
      ]);
      const answer = comparableWith(asked, coverage);
      const words = answer?.kind === 'vector' ? early : (early ?? (await byKeyword()));
      return { answer, words, coverage };
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

/** A reranker chooses the page from more hits than it has. */
const depthOf = ({ limit, rerank }: SearchQuery): number => (rerank ? Math.max(limit, rerankedHits) : limit);
