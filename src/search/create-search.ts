import { createQueryEmbeddings, type QueryEmbeddingsDeps } from './query-embedding.ts';
import { createReranking, type RerankingDeps } from './rerank.ts';
import { createSearchService, type Search, type SearchServiceDeps } from './service.ts';

export type SearchDeps = QueryEmbeddingsDeps & RerankingDeps & Pick<SearchServiceDeps, 'blocked'>;

/** Wires search: the vectors of queries, reranking, and the service that uses them. */
export function createSearch({ blocked, ...deps }: SearchDeps): Search {
  return createSearchService({
    database: deps.database,
    queryEmbeddings: createQueryEmbeddings(deps),
    reranking: createReranking(deps),
    blocked,
  });
}
