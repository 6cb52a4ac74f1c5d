import type { Transaction } from '../platform/postgres/database.ts';
import { matchedIn, type Ranks, type Source } from './fusion.ts';
import { type HitArticle, listHeadlines, listHitArticles, listPassages } from './hits-read-model.ts';
import type { RankedHit, Ranking } from './ranking.ts';
import { snippetOf } from './snippet.ts';

export interface Hit extends HitArticle {
  readonly score: number;
  /** How likely it is about what was asked, from 0 to 1. */
  readonly relevance: number;
  readonly snippet: string;
  readonly matched: readonly Source[];
  readonly ranks: Ranks;
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
): Promise<Hit[]> {
  if (page.length === 0) return [];
  const ids = page.map(({ id }) => id);
  const byWords = page.filter(({ ranks }) => ranks.keyword !== null).map(({ id }) => id);
  const byMeaning = new Set(page.filter(({ ranks }) => ranks.keyword === null).map(({ id }) => id));
  const nearest = passages?.near.filter(({ articleId }) => byMeaning.has(articleId)) ?? [];
  const [articles, headlines, chunks] = await Promise.all([
    listHitArticles(tx, tenantId, ids),
    marks === undefined || byWords.length === 0 ? undefined : listHeadlines(tx, tenantId, byWords, marks),
    passages === undefined || nearest.length === 0
      ? undefined
      : listPassages(tx, tenantId, passages.spaceId, nearest),
  ]);
  return page.flatMap(({ id, score, relevance, ranks }) => {
    const article = articles.get(id);
    if (article === undefined) return [];
    const passage = headlines?.get(id) ?? chunks?.get(id) ?? '';
    return [{ ...article, score, relevance, ranks, matched: matchedIn(ranks), snippet: snippetOf(passage) }];
  });
}
