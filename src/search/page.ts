import type { Transaction } from '../platform/postgres/database.ts';
import type { SearchCursor } from './cursor.ts';
import type { Found, SearchQuery, UnknownTags } from './found.ts';
import { loadHits } from './hits.ts';
import { cursorAfter } from './next-cursor.ts';
import type { RankedSearch } from './rank-search.ts';
import { leastRelevant } from './relevance.ts';
import { inOrderOf, type Reranked } from './rerank.ts';
import { listUnknownTags } from './tags-read-model.ts';

/** A page whose next one has no cursor for the client yet. */
export interface LoadedPage extends Omit<Found, 'nextCursor'> {
  /** Where the next page begins; undefined on the last. */
  readonly next: SearchCursor | undefined;
}

/** Makes the page of a ranked search: its hits with their snippets, and where the next one begins. */
export async function loadPage(
  tx: Transaction,
  tenantId: string,
  query: SearchQuery,
  { ranking, unseen, words, coverage, byVector, fallback }: RankedSearch,
  reranked?: Reranked,
): Promise<LoadedPage | UnknownTags> {
  const { limit, cursor, minRelevance = 0 } = query;
  const servedMode = fallback === undefined ? query.mode : 'keyword';
  const page = inOrderOf(unseen, reranked).slice(0, limit);
  const tags = tagsToCheck(query);
  if (page.length === 0 && tags.length > 0) {
    const unknown = await listUnknownTags(tx, tenantId, tags);
    if (unknown.length > 0) return { kind: 'unknown_tags', tags: unknown };
  }
  const relevant = page.filter(({ relevance }) => relevance >= minRelevance);
  const isReranked = reranked?.kind === 'reranked';
  // The pages behind one without a relevant hit have none either, as good as always; but not in a reranker's order.
  const judged = isReranked ? unseen : page;
  const next =
    unseen.length > limit && judged.some(({ relevance }) => relevance >= minRelevance)
      ? cursorAfter({ page, servedMode, fallback, words, cursor, byVector, reranked: isReranked })
      : undefined;
  const { hits, places } = await loadHits(tx, tenantId, relevant, ranking);
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
    next,
  };
}

/** The tags that may be unknown: those of a first page, because a later one has found articles with them. */
export function tagsToCheck({ cursor, tags = [] }: SearchQuery): readonly string[] {
  return cursor === undefined ? tags : [];
}
