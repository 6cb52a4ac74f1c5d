import { createQueryEmbeddings, type QueryEmbeddingsDeps } from './query-embedding.ts';
import { createSearchService, type Search, type SearchServiceDeps } from './service.ts';

export type SearchDeps = QueryEmbeddingsDeps & Pick<SearchServiceDeps, 'blocked'>;

/** Wires search: the vectors of queries and the service that uses them. */
export function createSearch({ blocked, ...deps }: SearchDeps): Search {
  return createSearchService({
    database: deps.database,
    queryEmbeddings: createQueryEmbeddings(deps),
    blocked,
  });
}
