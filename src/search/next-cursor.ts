import {
  leastNamed,
  maxCount,
  maxSeen,
  type Place,
  readNames,
  type SearchMode,
  seenName,
  writeNames,
} from './cursor.ts';
import type { Fallback } from './fallback.ts';
import type { Fused } from './fusion.ts';
import type { KeywordRanking } from './keyword/keyword.ts';

/** Where the next page begins. Undefined when a search by meaning has shown all that it shows. */
export function cursorAfter(of: {
  readonly page: readonly Fused[];
  readonly servedMode: SearchMode;
  readonly fallback: Fallback | undefined;
  readonly words: KeywordRanking | undefined;
  readonly byVector: boolean;
  /** Where this page began. */
  readonly before: Place | undefined;
}): Place | undefined {
  const { page, servedMode, fallback, words, before } = of;
  const last = page.at(-1);
  if (last === undefined) return undefined;
  const names = page.map(({ id }) => seenName(id));
  const byMeaning = readNames(before?.shown);
  if (of.byVector) {
    const now = [...byMeaning, ...names];
    return now.length > maxSeen - 1 ? undefined : { served: servedMode, shown: writeNames(now) };
  }
  if (words === undefined || last.ranks.keyword === null) return undefined;
  return {
    served: 'keyword',
    ...(fallback && { fallback: { code: fallback.code, retryAt: fallback.retryAt?.toISOString() ?? null } }),
    keyword: {
      after: { id: last.id, score: last.score },
      before: Math.min(last.ranks.keyword, maxCount),
      // Those that meaning has shown stay named: words come to each of them yet, and to one of their own after an edit only.
      shown: writeNames(
        [...readNames(before?.keyword?.shown), ...names].slice(
          -Math.max(leastNamed, maxSeen - byMeaning.length),
        ),
      ),
      plan: words.plan,
    },
    ...(byMeaning.length > 0 && { shown: writeNames(byMeaning) }),
  };
}
