import type { Fallback } from './fallback.ts';
import type { Fused } from './fusion.ts';
import type { KeywordRanking } from './keyword.ts';
import { maxShown, type Place, type SearchMode, shownName, writeShown } from './place.ts';

/** Where the next page begins. Undefined when a search by meaning has shown all that it shows. */
export function placeAfter(of: {
  readonly page: readonly Fused[];
  readonly servedMode: SearchMode;
  readonly fallback: Fallback | undefined;
  readonly words: KeywordRanking | undefined;
  readonly byVector: boolean;
  readonly shown: ReadonlySet<string>;
}): Place | undefined {
  const { page, servedMode, fallback, words, shown } = of;
  const last = page.at(-1);
  if (last === undefined) return undefined;
  if (of.byVector) {
    const now = [...shown, ...page.map(({ id }) => shownName(id))];
    return now.length > maxShown - 1 ? undefined : { served: servedMode, shown: writeShown(now) };
  }
  if (words === undefined || last.ranks.keyword === null) return undefined;
  return {
    served: 'keyword',
    ...(fallback && { fallback: { code: fallback.code, retryAt: fallback.retryAt?.toISOString() ?? null } }),
    keyword: {
      after: { id: last.id, score: last.score },
      before: last.ranks.keyword,
      plan: words.plan,
    },
    ...(shown.size > 0 && { shown: writeShown(shown) }),
  };
}
