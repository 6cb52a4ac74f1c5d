import type { Transaction } from '../platform/postgres/database.ts';
import { matchedIn, type Ranks, type Source } from './fusion.ts';
import { type HitArticle, listHitArticles, listPassages } from './hits-read-model.ts';
import { listWordPassages, type Passage } from './passages/word-passages.ts';
import type { RankedHit, Ranking } from './ranking.ts';
import { snippetOf } from './snippet.ts';

export interface Hit extends HitArticle {
  readonly score: number;
  /** How likely it is about what was asked, from 0 to 1. */
  readonly relevance: number;
  readonly snippet: string;
  /** The headings above the snippet, from the highest; null where there is none. */
  readonly heading: string | null;
  readonly matched: readonly Source[];
  readonly ranks: Ranks;
}

/** Where the snippet of a hit is in its body: found by words at a place, or by meaning as a text. */
export type HitPlace =
  | { readonly kind: 'words'; readonly passage: Passage }
  | { readonly kind: 'chunk'; readonly text: string };

/** The hits of a page, and the places of their snippets by article id. */
export interface LoadedHits {
  readonly hits: readonly Hit[];
  readonly places: ReadonlyMap<string, HitPlace>;
}

/**
 * The page's hits with their snippets: the text around the matched words, else the passage that the vector found. Articles
 * that were unpublished after the ranking are left out.
 */
export async function loadHits(
  tx: Transaction,
  tenantId: string,
  page: readonly RankedHit[],
  { marks, passages }: Ranking,
): Promise<LoadedHits> {
  if (page.length === 0) return { hits: [], places: new Map() };
  const ids = page.map(({ id }) => id);
  const byWords = page.filter(({ ranks }) => ranks.keyword !== null).map(({ id }) => id);
  const byMeaning = new Set(page.filter(({ ranks }) => ranks.keyword === null).map(({ id }) => id));
  const nearest = passages?.near.filter(({ articleId }) => byMeaning.has(articleId)) ?? [];
  const [articles, found, chunks] = await Promise.all([
    listHitArticles(tx, tenantId, ids),
    marks === undefined || byWords.length === 0 ? undefined : listWordPassages(tx, tenantId, byWords, marks),
    passages === undefined || nearest.length === 0
      ? undefined
      : listPassages(tx, tenantId, passages.spaceId, nearest),
  ]);
  const places = new Map<string, HitPlace>();
  const hits = page.flatMap(({ id, score, relevance, ranks }) => {
    const article = articles.get(id);
    if (article === undefined) return [];
    const passage = found?.get(id);
    const chunk = chunks?.get(id);
    if (passage !== undefined) places.set(id, { kind: 'words', passage });
    else if (chunk !== undefined) places.set(id, { kind: 'chunk', text: chunk.text });
    const { text, heading } = passage ?? chunk ?? { text: '', heading: null };
    return [
      {
        ...{ ...article, score, relevance, ranks, matched: matchedIn(ranks) },
        ...{ snippet: snippetOf(text), heading: heading === '' ? null : heading },
      },
    ];
  });
  return { hits, places };
}
