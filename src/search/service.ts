import type { FailureCode } from '../domain/failures.ts';
import { type Coverage, readCoverage } from '../embedding/coverage/summary.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import { createBackgrounds } from '../vectors/backgrounds.ts';
import { type ClientCursor, issueCursor, type OpenedCursor, openCursor } from './client-cursor.ts';
import { readSeenIds, type SearchCursor, type SearchMode, type SearchText } from './cursor.ts';
import { comparableWith, explainFallback, pinnedFallback } from './fallback.ts';
import { type Hit, type HitPlace, loadHits } from './hits.ts';
import { createKeywordSearch } from './keyword/keyword.ts';
import type { WordReport } from './keyword/resolution.ts';
import { cursorAfter } from './next-cursor.ts';
import type { QueryEmbeddings } from './query-embedding.ts';
import { poolOf, rankedByWords, rankWithVector } from './ranking.ts';
import { leastRelevant } from './relevance.ts';
import { inOrderOf, type Reranked, type Reranking } from './rerank.ts';
import { loadCandidates, rerankedHits } from './rerank-candidates.ts';
import { shortId } from './seen-ids.ts';
import { listHopelessTags, listUnknownTags } from './tags-read-model.ts';

export interface SearchQuery extends SearchText {
  readonly limit: number;
  /** Hits of less relevance are left out of the page. */
  readonly minRelevance?: number | undefined;
  /** Where the page begins; absent on the first. */
  readonly cursor?: SearchCursor | undefined;
  /** The API key that pays for the query's vector from its daily budget. */
  readonly apiKeyId?: string | null;
}

/** A page of hits, and what the search did. */
export interface Found {
  readonly kind: 'found';
  readonly hits: readonly Hit[];
  /** Where the hits' snippets are in their bodies, by article id. */
  readonly places: ReadonlyMap<string, HitPlace>;
  readonly servedMode: SearchMode;
  /** Whether keywords served a search that asked for more. */
  readonly fallback: boolean;
  /** Why; null without a fallback. */
  readonly fallbackReason: FailureCode | null;
  readonly retryAt: Date | null;
  readonly coverage: Coverage;
  /** Whether a reranker has ordered the hits. */
  readonly reranked: boolean;
  /** Why a reranker that was asked for has not; null where it has, where none was, and with fewer than two hits. */
  readonly rerankReason: FailureCode | null;
  /** What became of each word of the query; empty where words were not searched. */
  readonly words: readonly WordReport[];
  /** Whether no article of the page is relevant, left out ones included. */
  readonly nothingRelevant: boolean;
  /** The cursor of the next page, as the client gets it; null on the last page. */
  readonly nextCursor: string | null;
}

export type SearchResult =
  | Found
  /** Nothing was found, and no published article of the tenant has these tags. */
  | { readonly kind: 'unknown_tags'; readonly tags: readonly string[] };

export interface Search {
  /** Checks a client's cursor against its search, and reads it where it is stored. */
  openCursor(tenantId: string, search: SearchText, cursor: ClientCursor): Promise<OpenedCursor>;
  /** Searches the tenant's published articles. A failure of provider, key or custody costs the vectors, not the answer. */
  search(tenantId: string, query: SearchQuery): Promise<SearchResult>;
}

export interface SearchServiceDeps {
  readonly database: Database;
  readonly queryEmbeddings: QueryEmbeddings;
  readonly reranking: Reranking;
  readonly blocked: BlockedOperations;
}

/** Search by words, by meaning, and by both. */
export function createSearchService({
  database,
  queryEmbeddings,
  reranking,
  blocked,
}: SearchServiceDeps): Search {
  const keyword = createKeywordSearch();
  const backgrounds = createBackgrounds();
  return {
    openCursor: (tenantId, search, cursor) => openCursor(database, tenantId, search, cursor),
    async search(tenantId, query) {
      const { mode, cursor, limit, category, tags, tagsMatch, rerank = false, minRelevance = 0 } = query;
      const beganAtMs = performance.now();
      // A reranker chooses the page from more hits than it has.
      const depth = rerank ? Math.max(limit, rerankedHits) : limit;
      const seen = readSeenIds(cursor);
      const pinned = cursor?.served === 'keyword';
      const tagged = cursor === undefined && tags !== undefined && tags.length > 0;
      if (tagged && mode !== 'keyword') {
        // Before the query's vector is bought.
        const hopeless = await database.withTenant(tenantId, (tx) => listHopelessTags(tx, tenantId, query));
        if (hopeless.length > 0) return { kind: 'unknown_tags', tags: hopeless };
      }
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
      const vector = answer?.kind === 'vector' ? answer : undefined;
      const words = vector === undefined ? (early ?? (await byKeyword())) : early;

      const rank = async (tx: Transaction) => {
        const ranking =
          vector === undefined
            ? rankedByWords(words, cursor?.keyword?.before ?? 0)
            : await rankWithVector(tx, tenantId, { ...query, limit: depth }, vector, words, seen.size, {
                excluded: words ? words.excluded : await keyword.findExcluded(tx, tenantId, query.q),
                articles: coverage.embedded,
                backgrounds,
              });
        const fallback = pinned
          ? pinnedFallback(cursor)
          : answer && (await explainFallback(tx, tenantId, answer, coverage));
        const unseen = ranking.fused.filter(({ id }) => !seen.has(shortId(id)));
        return { ranking, fallback, unseen };
      };
      const answerWith = async (
        tx: Transaction,
        { ranking, fallback, unseen }: Awaited<ReturnType<typeof rank>>,
        reranked?: Reranked,
      ): Promise<SearchResult> => {
        const servedMode = fallback === undefined ? mode : 'keyword';
        const page = inOrderOf(unseen, reranked).slice(0, limit);
        if (page.length === 0 && tagged) {
          const unknown = await listUnknownTags(tx, tenantId, tags);
          if (unknown.length > 0) return { kind: 'unknown_tags', tags: unknown };
        }
        const relevant = page.filter(({ relevance }) => relevance >= minRelevance);
        const isReranked = reranked?.kind === 'reranked';
        // The pages behind one without a relevant hit have none either, as good as always.
        const next =
          unseen.length > limit && relevant.length > 0
            ? cursorAfter({
                ...{ page, servedMode, fallback, words, cursor },
                ...{ byVector: vector !== undefined, reranked: isReranked },
              })
            : undefined;
        const [{ hits, places }, nextCursor] = await Promise.all([
          loadHits(tx, tenantId, relevant, ranking),
          next === undefined ? null : issueCursor(tx, tenantId, query, next),
        ]);
        return {
          kind: 'found',
          hits,
          places,
          servedMode,
          fallback: fallback !== undefined,
          fallbackReason: fallback?.code ?? null,
          retryAt: fallback?.retryAt ?? null,
          coverage,
          reranked: isReranked,
          rerankReason: reranked?.kind === 'failed' ? reranked.code : null,
          words: words?.words ?? [],
          nothingRelevant: page.every(({ relevance }) => relevance < leastRelevant),
          nextCursor,
        };
      };
      const rerankAndAnswer = async () => {
        const { candidates, ...ranked } = await database.withTenant(tenantId, async (tx) => {
          const found = await rank(tx);
          return { ...found, candidates: await loadCandidates(tx, tenantId, found.unseen, found.ranking) };
        });
        const search = {
          ...{ tenantId, apiKeyId: query.apiKeyId ?? null, query: query.q },
          waitedMs: performance.now() - beganAtMs,
        };
        // On no connection, however long the reranker takes.
        const reranked = candidates.length < 2 ? undefined : await reranking.order(search, candidates);
        return database.withTenant(tenantId, (tx) => answerWith(tx, ranked, reranked));
      };
      const result = rerank
        ? await rerankAndAnswer()
        : await database.withTenant(tenantId, async (tx) => answerWith(tx, await rank(tx)));
      const keyless = !pinned && result.kind === 'found' && result.fallbackReason === 'no_api_key';
      if (keyless) await blocked.note(tenantId, 'search');
      return result;
    },
  };
}
