import type { Transaction } from '../platform/postgres/database.ts';
import { type Fused, matchedIn, type Ranks, type Source } from './fusion.ts';
import type { Ranking } from './ranking.ts';
import { snippetOf } from './snippet.ts';
import { type HitArticle, readHeadlines, readHits, readPassages } from './store.ts';

export interface Hit extends HitArticle {
  readonly score: number;
  readonly snippet: string;
  readonly matched: readonly Source[];
  readonly ranks: Ranks;
}

/**
 * The page's hits with their snippets: around the words where they matched, else the passage that the vector found. An article
 * that has been taken back since it was ranked is left out.
 */
export async function loadHits(
  tx: Transaction,
  tenantId: string,
  page: readonly Fused[],
  { marks, passages }: Ranking,
): Promise<Hit[]> {
  if (page.length === 0) return [];
  const ids = page.map(({ id }) => id);
  const byWords = page.filter(({ ranks }) => ranks.keyword !== null).map(({ id }) => id);
  const byMeaning = new Set(page.filter(({ ranks }) => ranks.keyword === null).map(({ id }) => id));
  const nearest = passages?.near.filter(({ articleId }) => byMeaning.has(articleId)) ?? [];
  const [articles, headlines, chunks] = await Promise.all([
    readHits(tx, tenantId, ids),
    marks === undefined || byWords.length === 0 ? undefined : readHeadlines(tx, tenantId, byWords, marks),
    passages === undefined || nearest.length === 0
      ? undefined
      : readPassages(tx, tenantId, passages.spaceId, nearest),
  ]);
  return page.flatMap(({ id, score, ranks }) => {
    const article = articles.get(id);
    if (article === undefined) return [];
    const passage = headlines?.get(id) ?? chunks?.get(id) ?? '';
    return [{ ...article, score, ranks, matched: matchedIn(ranks), snippet: snippetOf(passage) }];
  });
}
