import type { FailureCode } from '../domain/failures.ts';
import type { Coverage } from '../embedding/coverage/summary.ts';
import type { SearchCursor, SearchMode, SearchText } from './cursor.ts';
import type { Hit, HitPlace } from './hits.ts';
import type { WordReport } from './keyword/resolution.ts';

/** A search for one page. */
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

/** Nothing was found, and no published article of the tenant has these tags. */
export interface UnknownTags {
  readonly kind: 'unknown_tags';
  readonly tags: readonly string[];
}

export type SearchResult = Found | UnknownTags;
