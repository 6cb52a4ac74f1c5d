import type { Transaction } from '../platform/postgres/database.ts';
import { loadHits } from './hits.ts';
import { listHitArticles, listPassages } from './hits-read-model.ts';
import type { RankedHit, Ranking } from './ranking.ts';
import { plainText } from './snippet.ts';

/** A hit as a reranker reads it. */
export interface Candidate {
  readonly id: string;
  readonly text: string;
}

/** The hits that are reranked, the first of a ranking: enough to lift one that both rankings have low, and one cheap call. */
export const rerankedHits = 50;

/**
 * Loads the first hits of a ranking as texts: the title, and the passage that was found. That is the chunk nearest in meaning, or
 * else the passage around the matched words. A hit that was unpublished after the ranking is none.
 */
export async function loadCandidates(
  tx: Transaction,
  tenantId: string,
  hits: readonly RankedHit[],
  ranking: Ranking,
): Promise<readonly Candidate[]> {
  const first = hits.slice(0, rerankedHits);
  const ids = new Set(first.map(({ id }) => id));
  const { passages } = ranking;
  const near = passages?.near.filter(({ articleId }) => ids.has(articleId)) ?? [];
  const byMeaning = new Set(near.map(({ articleId }) => articleId));
  const byWords = first.filter(({ id }) => !byMeaning.has(id));
  const [articles, chunks, { hits: found }] = await Promise.all([
    listHitArticles(tx, tenantId, [...byMeaning]),
    passages === undefined ? new Map<string, never>() : listPassages(tx, tenantId, passages.spaceId, near),
    loadHits(tx, tenantId, byWords, ranking),
  ]);
  const texts = new Map(
    found.map(({ id, title, heading, snippet }) => [id, join(title, heading ?? '', plainText(snippet))]),
  );
  for (const [id, { title }] of articles) {
    const chunk = chunks.get(id);
    texts.set(id, join(title, chunk?.heading ?? '', chunk?.text ?? ''));
  }
  return first.flatMap(({ id }) => {
    const text = texts.get(id);
    return text === undefined ? [] : [{ id, text }];
  });
}

const join = (...parts: readonly string[]) => parts.filter((part) => part !== '').join('\n');
