import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import { type ClientCursor, issueCursor, type OpenedCursor, openCursor } from './client-cursor.ts';
import type { SearchText } from './cursor.ts';
import type { SearchQuery, SearchResult, UnknownTags } from './found.ts';
import { type LoadedPage, loadPage, tagsToCheck } from './page.ts';
import type { QueryEmbeddings } from './query-embedding.ts';
import { createSearchRanking, isByWords, isPinned, type RankedSearch } from './rank-search.ts';
import type { Reranking } from './rerank.ts';
import { loadCandidates } from './rerank-candidates.ts';
import { listHopelessTags } from './tags-read-model.ts';

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
  const ranking = createSearchRanking({ database, queryEmbeddings });

  /**
   * Gathers and ranks, and goes on in the transaction that ranks. Without a provider's vector, all of it is one transaction.
   */
  const withRanked = async <T>(
    tenantId: string,
    query: SearchQuery,
    go: (tx: Transaction, ranked: RankedSearch) => Promise<T>,
  ): Promise<T> => {
    const gathered = isByWords(query) ? undefined : await ranking.gather(tenantId, query);
    return database.readTenantByKeptPlans(tenantId, async (tx) =>
      go(
        tx,
        await ranking.rank(tx, tenantId, query, gathered ?? (await ranking.gatherWords(tx, tenantId, query))),
      ),
    );
  };

  const answer = (tenantId: string, query: SearchQuery) =>
    withRanked(tenantId, query, (tx, ranked) => loadPage(tx, tenantId, query, ranked));

  const rerankAndAnswer = async (tenantId: string, query: SearchQuery, beganAtMs: number) => {
    const { ranked, candidates } = await withRanked(tenantId, query, async (tx, ranked) => ({
      ranked,
      candidates: await loadCandidates(tx, tenantId, ranked.unseen, ranked.ranking),
    }));
    const search = {
      ...{ tenantId, apiKeyId: query.apiKeyId ?? null, query: query.q },
      waitedMs: performance.now() - beganAtMs,
    };
    // On no connection, however long the reranker takes.
    const reranked = candidates.length < 2 ? undefined : await reranking.order(search, candidates);
    return database.readTenantByKeptPlans(tenantId, (tx) => loadPage(tx, tenantId, query, ranked, reranked));
  };

  const withCursor = async (
    tenantId: string,
    query: SearchQuery,
    page: LoadedPage | UnknownTags,
  ): Promise<SearchResult> => {
    if (page.kind === 'unknown_tags') return page;
    const { next, ...found } = page;
    const nextCursor = next === undefined ? null : await issueCursor(database, tenantId, query, next);
    return { ...found, nextCursor };
  };

  return {
    openCursor: (tenantId, search, cursor) => openCursor(database, tenantId, search, cursor),
    async search(tenantId, query) {
      const beganAtMs = performance.now();
      if (query.mode !== 'keyword' && tagsToCheck(query).length > 0) {
        // Before the query's vector is bought.
        const hopeless = await database.readTenant(tenantId, (tx) => listHopelessTags(tx, tenantId, query));
        if (hopeless.length > 0) return { kind: 'unknown_tags', tags: hopeless };
      }
      const page = query.rerank
        ? await rerankAndAnswer(tenantId, query, beganAtMs)
        : await answer(tenantId, query);
      const result = await withCursor(tenantId, query, page);
      const keyless = !isPinned(query) && result.kind === 'found' && result.fallbackReason === 'no_api_key';
      if (keyless) await blocked.note(tenantId, 'search');
      return result;
    },
  };
}
