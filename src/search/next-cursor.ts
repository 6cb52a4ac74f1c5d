import { maxCount, type SearchCursor, type SearchMode } from './cursor.ts';
import type { Fallback } from './fallback.ts';
import type { Fused } from './fusion.ts';
import type { KeywordRanking } from './keyword/keyword.ts';
import { maxSeenIds, minSeenByKeyword, packIds, shortId, unpackIds } from './seen-ids.ts';

/** The cursor of the next page. Undefined when a search by meaning has shown all that it shows. */
export function cursorAfter(of: {
  readonly page: readonly Fused[];
  readonly servedMode: SearchMode;
  readonly fallback: Fallback | undefined;
  readonly words: KeywordRanking | undefined;
  readonly byVector: boolean;
  /** Whether a reranker has ordered the page, so that hits before its last one in the ranking are still to come. */
  readonly reranked: boolean;
  /** The cursor of this page. */
  readonly cursor: SearchCursor | undefined;
}): SearchCursor | undefined {
  const { page, servedMode, fallback, words, cursor } = of;
  const last = page.at(-1);
  if (last === undefined) return undefined;
  const ids = page.map(({ id }) => shortId(id));
  const byMeaning = unpackIds(cursor?.seenIds);
  const pinned = {
    served: 'keyword',
    ...(fallback && { fallback: { code: fallback.code, retryAt: fallback.retryAt?.toISOString() ?? null } }),
  } as const;
  if (of.byVector || of.reranked) {
    const seen = [...byMeaning, ...ids];
    if (seen.length > maxSeenIds - 1) return undefined;
    if (of.byVector) return { served: servedMode, seenIds: packIds(seen) };
    // The next page begins where this one has begun, without its hits.
    return { ...pinned, ...(cursor?.keyword && { keyword: cursor.keyword }), seenIds: packIds(seen) };
  }
  if (words === undefined || last.ranks.keyword === null) return undefined;
  // All ids that meaning has shown are kept, because each of those articles may still come by its words. An id that keywords
  // have shown may be dropped: its article comes again only after an edit.
  const byKeyword = [...unpackIds(cursor?.keyword?.seenIds), ...ids];
  const kept = Math.max(minSeenByKeyword, maxSeenIds - byMeaning.length);
  return {
    ...pinned,
    keyword: {
      after: { id: last.id, score: last.score },
      before: Math.min(last.ranks.keyword, maxCount),
      seenIds: packIds(byKeyword.slice(-kept)),
      plan: words.plan,
    },
    ...(byMeaning.length > 0 && { seenIds: packIds(byMeaning) }),
  };
}
