import type { Transaction } from '../platform/postgres/database.ts';
import { type NearArticle, nearestArticles } from '../vectors/nearest.ts';
import type { SearchText } from './cursor.ts';
import { type Fused, fuse } from './fusion.ts';
import type { KeywordRanking } from './keyword/keyword.ts';
import type { Marks } from './passages/marks.ts';
import type { QueryVector } from './query-embedding.ts';

/**
 * The least number of hits of each ranking that are fused: enough for an article that is low in one and high in the other.
 * Twice as many ranked the judged queries the same, and took five times as long in a large tenant's index.
 */
const hybridPool = 100;

/** The number of unseen hits of each ranking from which a page of a search by both is made. */
export const poolOf = (limit: number): number => Math.max(hybridPool, limit + 1);

/**
 * The weight in the fusion of a rank by only some of the words. It is low: otherwise one shared word lifts an article above
 * those that mean what was asked. Tried on the judged queries of the samples.
 */
export const partWeight = 0.05;

/**
 * An article with less than `leastPart` of the query weighs `tailWeight`, so it comes after all others: what a few common
 * words hint at, meaning finds. It is not left out, because its vectors may still be being made.
 */
export const leastPart = 0.5;
export const tailWeight = 0.001;

export type Vector = Extract<QueryVector, { kind: 'vector' }>;

/** Hits in order, more than the page needs, and what their snippets are made from. */
export interface Ranking {
  readonly fused: readonly Fused[];
  /** What is marked in the snippets. */
  readonly marks: Marks | undefined;
  readonly passages?: { readonly spaceId: string; readonly near: readonly NearArticle[] };
}

/** Hits by words alone, behind `before` others on the pages before. */
export function rankedByWords(words: KeywordRanking | undefined, before: number): Ranking {
  const fused = (words?.ranked ?? []).map(({ id, score }, index) => ({
    id,
    score,
    ranks: { keyword: before + index + 1, semantic: null },
  }));
  return { fused, marks: words?.marks };
}

/** Hits by meaning, or by both: enough for a page beside the `seen` ones, which it ranks again. */
export async function rankWithVector(
  tx: Transaction,
  tenantId: string,
  { mode, limit, category, tags, tagsMatch }: SearchText & { readonly limit: number },
  { spaceId, vector }: Vector,
  words: KeywordRanking | undefined,
  seen: number,
  /** What the query excludes. The filter has to, because a vector ignores the minus: it attracts articles about what is excluded. */
  excluded: string | null,
): Promise<Ranking> {
  const near = await nearestArticles(tx, tenantId, {
    spaceId,
    vector,
    limit: seen + (mode === 'hybrid' ? poolOf(limit) : limit + 1),
    filter: { category, tags, tagsMatch, excluded: excluded ?? undefined },
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
      hits: (words?.ranked ?? []).map(({ id, share, isWhole }) => ({
        id,
        weight: isWhole ? 1 : share >= leastPart ? partWeight : tailWeight,
      })),
    },
    { source: 'semantic', hits: near.map(({ articleId: id }) => ({ id })) },
  ]);
  return { fused, marks: words?.marks, passages };
}
