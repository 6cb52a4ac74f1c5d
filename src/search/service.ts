import type { FailureCode } from '../domain/failures.ts';
import { type Coverage, readCoverage } from '../embedding/coverage/summary.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import { type ClientCursor, issueCursor, type OpenedCursor, openCursor } from './client-cursor.ts';
import { readSeenIds, type SearchCursor, type SearchMode, type SearchText } from './cursor.ts';
import { comparableWith, explainFallback, pinnedFallback } from './fallback.ts';
import { type Hit, loadHits } from './hits.ts';
import { rankByKeyword } from './keyword/keyword.ts';
import { cursorAfter } from './next-cursor.ts';
import type { QueryEmbeddings } from './query-embedding.ts';
import { poolOf, rankedByWords, rankWithVector } from './ranking.ts';
import { shortId } from './seen-ids.ts';
import { listHopelessTags, listUnknownTags } from './tags-read-model.ts';

export interface SearchQuery extends SearchText {
  readonly limit: number;
  /** Where the page begins; absent on the first. */
  readonly cursor?: SearchCursor | undefined;
  /** The API key that pays for the query's vector from its daily budget. */
  readonly apiKeyId?: string | null;
}

/** A page of hits, and what the search did. */
export interface Found {
  readonly kind: 'found';
  readonly hits: readonly Hit[];
  readonly servedMode: SearchMode;
  /** Whether keywords served a search that asked for more. */
  readonly fallback: boolean;
  /** Why; null without a fallback. */
  readonly fallbackReason: FailureCode | null;
  readonly retryAt: Date | null;
  readonly coverage: Coverage;
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
  readonly blocked: BlockedOperations;
}

/** Search by words, by meaning, and by both. */
export function createSearchService({ database, queryEmbeddings, blocked }: SearchServiceDeps): Search {
  return {
    openCursor: (tenantId, search, cursor) => openCursor(database, tenantId, search, cursor),
    async search(tenantId, query) {
      const { mode, cursor, limit, category, tags, tagsMatch } = query;
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
          rankByKeyword(tx, tenantId, {
            q: query.q,
            filter: { category, tags, tagsMatch },
            limit: seen.size + (mode === 'hybrid' && !pinned ? poolOf(limit) : limit + 1),
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

      const result = await database.withTenant(tenantId, async (tx): Promise<SearchResult> => {
        const ranking =
          vector === undefined
            ? rankedByWords(words, cursor?.keyword?.before ?? 0)
            : await rankWithVector(tx, tenantId, query, vector, words, seen.size);
        const fallback = pinned
          ? pinnedFallback(cursor)
          : answer && (await explainFallback(tx, tenantId, answer, coverage));
        const servedMode = fallback === undefined ? mode : 'keyword';

        const unseen = ranking.fused.filter(({ id }) => !seen.has(shortId(id)));
        const page = unseen.slice(0, limit);
        if (page.length === 0 && tagged) {
          const unknown = await listUnknownTags(tx, tenantId, tags);
          if (unknown.length > 0) return { kind: 'unknown_tags', tags: unknown };
        }
        const next =
          unseen.length > limit
            ? cursorAfter({ page, servedMode, fallback, words, byVector: vector !== undefined, cursor })
            : undefined;
        const [hits, nextCursor] = await Promise.all([
          loadHits(tx, tenantId, page, ranking),
          next === undefined ? null : issueCursor(tx, tenantId, query, next),
        ]);
        return {
          kind: 'found',
          hits,
          servedMode,
          fallback: fallback !== undefined,
          fallbackReason: fallback?.code ?? null,
          retryAt: fallback?.retryAt ?? null,
          coverage,
          nextCursor,
        };
      });
      const keyless = !pinned && result.kind === 'found' && result.fallbackReason === 'no_api_key';
      if (keyless) await blocked.note(tenantId, 'search');
      return result;
    },
  };
}
