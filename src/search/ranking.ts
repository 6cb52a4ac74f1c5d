import type { Transaction } from '../platform/postgres/database.ts';
import { type NearArticle, nearestArticles } from '../vectors/nearest.ts';
import type { SearchText } from './cursor.ts';
import { type Fused, fuse } from './fusion.ts';
import type { KeywordRanking } from './keyword/keyword.ts';
import { leastWholeScore, parseQuery } from './keyword/keyword-store.ts';
import { excludedBy, readWebQuery } from './keyword/web-query.ts';
import type { QueryVector } from './query-embedding.ts';

/**
 * Of each ranking, before they are fused: deep enough for an article that is far down in one and high up in the other. Twice as
 * deep ranked the judged queries the same, and cost a large tenant five times as much in the index.
 */
const hybridPool = 100;

/** How many hits of each ranking a page of a search by both is made of, beside those that have been shown. */
export const poolOf = (limit: number): number => Math.max(hybridPool, limit + 1);

/**
 * What the place of an article that has only some of the words counts in the fusion. Such a place is a hint: with more, one
 * shared word lifts an article over those that say what was meant. Tried on the judged queries of the samples.
 */
export const partWeight = 0.05;

/**
 * With less of the query than `leastPart` an article comes after what either ranking stands for: meaning finds what a few common
 * words only hint at. It is not left out, because its vectors may still be being made.
 */
export const leastPart = 0.5;
export const tailWeight = 0.001;

export type Vector = Extract<QueryVector, { kind: 'vector' }>;

/** All hits in order, deeper than the page needs, and where their snippets come from. */
export interface Ranking {
  readonly fused: readonly Fused[];
  /** The tsquery that marks the words of the query. */
  readonly marks: string | undefined;
  readonly passages?: { readonly spaceId: string; readonly near: readonly NearArticle[] };
}

/** Hits by words alone; `before` is how many come before them. */
export function rankedByWords(words: KeywordRanking | undefined, before: number): Ranking {
  const fused = (words?.ranked ?? []).map(({ id, score }, index) => ({
    id,
    score,
    ranks: { keyword: before + index + 1, semantic: null },
  }));
  return { fused, marks: words?.marks };
}

/** Hits by meaning, or by both: as many as have been shown and enough beside them. */
export async function rankWithVector(
  tx: Transaction,
  tenantId: string,
  { q, mode, limit, category, tags, tagsMatch }: SearchText & { readonly limit: number },
  { spaceId, vector }: Vector,
  words: KeywordRanking | undefined,
  shown: number,
): Promise<Ranking> {
  const near = await nearestArticles(tx, tenantId, {
    spaceId,
    vector,
    limit: shown + (mode === 'hybrid' ? poolOf(limit) : limit + 1),
    filter: { category, tags, tagsMatch, excluded: await readExcluded(tx, q) },
  });
  const passages = { spaceId, near };
  if (mode !== 'hybrid') {
    const fused = near.map(({ articleId: id, similarity: score }, index) => ({
      id,
      score,
      ranks: { keyword: null, semantic: index + 1 },
    }));
    return { fused, marks: undefined, passages };
  }
  const fused = fuse([
    {
      source: 'keyword',
      hits: (words?.ranked ?? []).map(({ id, score, share }) => ({
        id,
        weight: score >= leastWholeScore ? 1 : share >= leastPart ? partWeight : tailWeight,
      })),
    },
    { source: 'semantic', hits: near.map(({ articleId: id }) => ({ id })) },
  ]);
  return { fused, marks: words?.marks, passages };
}

/** What is not to be found. A vector knows nothing of a minus: the word behind it draws what is about it nearer. */
async function readExcluded(tx: Transaction, q: string): Promise<string | undefined> {
  if (!q.includes('-')) return undefined;
  const query = readWebQuery(await parseQuery(tx, q));
  return query && excludedBy(query);
}
