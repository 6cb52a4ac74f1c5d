import type { Database } from '../platform/postgres/database.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import { type ClientCursor, type OpenedCursor, openCursor } from './client-cursor.ts';
import type { SearchText } from './cursor.ts';
import type { SearchQuery, SearchResult } from './found.ts';
import { loadPage, tagsToCheck } from './page.ts';
import type { QueryEmbeddings } from './query-embedding.ts';
import { createSearchRanking, type Gathered, isPinned } from './rank-search.ts';
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

  const answer = (tenantId: string, query: SearchQuery, gathered: Gathered) =>
    database.withTenant(tenantId, async (tx) =>
      loadPage(tx, tenantId, query, await ranking.rank(tx, tenantId, query, gathered)),
    );

  const rerankAndAnswer = async (
    tenantId: string,
    query: SearchQuery,
    gathered: Gathered,
    beganAtMs: number,
  ) => {
    const { ranked, candidates } = await database.withTenant(tenantId, async (tx) => {
      const ranked = await ranking.rank(tx, tenantId, query, gathered);
      return { ranked, candidates: await loadCandidates(tx, tenantId, ranked.unseen, ranked.ranking) };
    });
    const search = {
      ...{ tenantId, apiKeyId: query.apiKeyId ?? null, query: query.q },
      waitedMs: performance.now() - beganAtMs,
    };
    // On no connection, however long the reranker takes.
    const reranked = candidates.length < 2 ? undefined : await reranking.order(search, candidates);
    return database.withTenant(tenantId, (tx) => loadPage(tx, tenantId, query, ranked, reranked));
  };

  return {
    openCursor: (tenantId, search, cursor) => openCursor(database, tenantId, search, cursor),
    async search(tenantId, query) {
      const beganAtMs = performance.now();
      if (query.mode !== 'keyword' && tagsToCheck(query).length > 0) {
        // Before the query's vector is bought.
        const hopeless = await database.withTenant(tenantId, (tx) => listHopelessTags(tx, tenantId, query));
        if (hopeless.length > 0) return { kind: 'unknown_tags', tags: hopeless };
      }
      const gathered = await ranking.gather(tenantId, query);
      const result = query.rerank
        ? await rerankAndAnswer(tenantId, query, gathered, beganAtMs)
        : await answer(tenantId, query, gathered);
      const keyless = !isPinned(query) && result.kind === 'found' && result.fallbackReason === 'no_api_key';
      if (keyless) await blocked.note(tenantId, 'search');
      return result;
    },
  };
}
