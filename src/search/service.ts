import type { FailureCode } from '../domain/failures.ts';
import { type Coverage, readCoverage } from '../embedding/coverage/summary-read-model.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { BlockedOperations } from '../usage/blocked-operations.ts';
import { type Place, readSeen, type SearchMode, type SearchText, seenName } from './cursor.ts';
import { explainFallback, pinnedFallback } from './fallback.ts';
import { type Hit, loadHits } from './hits.ts';
import { rankByKeyword } from './keyword/keyword.ts';
import { cursorAfter } from './next-cursor.ts';
import type { QueryEmbeddings } from './query-embedding.ts';
import { poolOf, rankedByWords, rankWithVector } from './ranking.ts';
import { listHopelessTags, listUnknownTags } from './store.ts';

export interface SearchQuery extends SearchText {
  readonly limit: number;
  /** Where the page before ended. */
  readonly place?: Place | undefined;
}

/** A page of hits, and what the search did. */
export interface Found {
  readonly kind: 'found';
  readonly hits: readonly Hit[];
  readonly servedMode: SearchMode;
  /** Whether keywords served a search that asked for more. */
  readonly fallback: boolean;
  /** Null also when nothing is wrong: the tenant's first vectors are being made. */
  readonly fallbackReason: FailureCode | null;
  readonly retryAt: Date | null;
  readonly coverage: Coverage;
  /** Where the next page begins, if there is one. */
  readonly next?: Place;
}

export type SearchResult =
  | Found
  /** Nothing was found, and these tags are on no published article of the tenant. */
  | { readonly kind: 'unknown_tags'; readonly tags: readonly string[] };

export interface Search {
  /** Searches the tenant's published articles. A provider, a key or the custody that fails costs the vectors, not the answer. */
  search(tenantId: string, query: SearchQuery): Promise<SearchResult>;
}

export interface SearchDeps {
  readonly database: Database;
  readonly queryEmbeddings: QueryEmbeddings;
  readonly blocked: BlockedOperations;
}

/** Search by words, by meaning, and by both. */
export function createSearch({ database, queryEmbeddings, blocked }: SearchDeps): Search {
  return {
    async search(tenantId, query) {
      const { mode, place, limit } = query;
      const shown = readSeen(place);
      const pinned = place?.served === 'keyword';
      const tagged = place === undefined && query.tags !== undefined && query.tags.length > 0;
      if (tagged && mode !== 'keyword') {
        // Before the vector of the query is paid for.
        const tags = await database.withTenant(tenantId, (tx) => listHopelessTags(tx, tenantId, query));
        if (tags.length > 0) return { kind: 'unknown_tags', tags };
      }
      const byKeyword = () =>
        database.withTenant(tenantId, (tx) =>
          rankByKeyword(tx, tenantId, {
            ...query,
            limit: shown.size + (mode === 'hybrid' && !pinned ? poolOf(limit) : limit + 1),
            plan: place?.keyword?.plan,
            after: place?.keyword?.after,
          }),
        );
      // Words are ranked while the provider is asked, on a connection of their own that waits for nobody: a breaker that is
      // open, or a provider that answers late, costs the person nothing more. By meaning alone they are seldom needed.
      // So is the coverage counted: of 10,000 articles it takes as long as to rank them by their vectors.
      const [answer, early, coverage] = await Promise.all([
        mode === 'keyword' || pinned ? undefined : queryEmbeddings.embedQuery(tenantId, query.q),
        mode === 'semantic' && !pinned ? undefined : byKeyword(),
        database.withTenant(tenantId, (tx) => readCoverage(tx, tenantId)),
      ]);
      const vector = answer?.kind === 'vector' ? answer : undefined;
      const words = vector === undefined ? (early ?? (await byKeyword())) : early;

      const result = await database.withTenant(tenantId, async (tx): Promise<SearchResult> => {
        const ranking =
          vector === undefined
            ? rankedByWords(words, place?.keyword?.before ?? 0)
            : await rankWithVector(tx, tenantId, query, vector, words, shown.size);
        const fallback = pinned
          ? pinnedFallback(place)
          : answer && (await explainFallback(tx, tenantId, answer, coverage));
        const servedMode = fallback === undefined ? mode : 'keyword';

        const left = ranking.fused.filter(({ id }) => !shown.has(seenName(id)));
        const page = left.slice(0, limit);
        if (page.length === 0 && tagged) {
          const tags = await listUnknownTags(tx, tenantId, query.tags ?? []);
          if (tags.length > 0) return { kind: 'unknown_tags', tags };
        }
        const next =
          left.length > limit
            ? cursorAfter({
                page,
                servedMode,
                fallback,
                words,
                byVector: vector !== undefined,
                before: place,
              })
            : undefined;
        return {
          kind: 'found',
          hits: await loadHits(tx, tenantId, page, ranking),
          servedMode,
          fallback: fallback !== undefined,
          fallbackReason: fallback?.code ?? null,
          retryAt: fallback?.retryAt ?? null,
          coverage,
          ...(next && { next }),
        };
      });
      const keyless = !pinned && result.kind === 'found' && result.fallbackReason === 'no_api_key';
      if (keyless) await blocked.note(tenantId, 'search');
      return result;
    },
  };
}
