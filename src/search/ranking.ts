import type { Transaction } from '../platform/postgres/database.ts';
import type { Backgrounds } from '../vectors/backgrounds.ts';
import { type NearArticle, nearestArticles } from '../vectors/nearest.ts';
import type { TenantSizes } from '../vectors/tenant-sizes.ts';
import type { SearchText } from './cursor.ts';
import { foreignnessOf } from './foreignness.ts';
import { type Fused, fuse } from './fusion.ts';
import type { KeywordRanking } from './keyword/keyword.ts';
import type { Marks } from './passages/marks.ts';
import type { QueryVector } from './query-embedding.ts';
import { type Calibration, relevanceOf } from './relevance.ts';

/**
 * The least number of hits of each ranking that are fused: enough for an article that is low in one and high in the other.
 * Twice as many ranked the judged queries the same, and took five times as long in a large tenant's index.
 */
const hybridPool = 100;

/** The number of unseen hits of each ranking from which a page of a search by both is made. */
export const poolOf = (limit: number): number => Math.max(hybridPool, limit + 1);

export type Vector = Extract<QueryVector, { kind: 'vector' }>;

/** A hit in a ranking. */
export interface RankedHit extends Fused {
  /** How likely it is about what was asked, from 0 to 1. */
  readonly relevance: number;
}

/** Hits in order, more than the page needs, and what their snippets are made from. */
export interface Ranking {
  readonly fused: readonly RankedHit[];
  /** What is marked in the snippets. */
  readonly marks: Marks | undefined;
  readonly passages?: { readonly spaceId: string; readonly near: readonly NearArticle[] };
}

/** Hits by words alone, behind `before` others on the pages before. */
export function rankedByWords(words: KeywordRanking | undefined, before: number): Ranking {
  const fused = (words?.ranked ?? []).map(({ id, score, share }, index) => ({
    id,
    score,
    ranks: { keyword: before + index + 1, semantic: null },
    relevance: relevanceOf({ similarity: null, part: share, foreignness: 0 }, undefined),
  }));
  return { fused, marks: words?.marks };
}

/** Hits by meaning, or by both: enough for a page beside the `seen` ones, which it ranks again. */
export async function rankWithVector(
  tx: Transaction,
  tenantId: string,
  { q, mode, limit, category, tags, tagsMatch }: SearchText & { readonly limit: number },
  { spaceId, vector }: Vector,
  words: KeywordRanking | undefined,
  seen: number,
  {
    excluded,
    articles,
    backgrounds,
    sizes,
  }: {
    /** What the query excludes. The filter has to, because a vector ignores the minus: it attracts articles about what is excluded. */
    readonly excluded: string | null;
    /** The number of the tenant's articles that have vectors. */
    readonly articles: number;
    readonly backgrounds: Backgrounds;
    readonly sizes?: TenantSizes;
  },
): Promise<Ranking> {
  const [near, background] = await Promise.all([
    nearestArticles(
      tx,
      tenantId,
      {
        spaceId,
        vector,
        limit: seen + (mode === 'hybrid' ? poolOf(limit) : limit + 1),
        filter: { category, tags, tagsMatch, excluded: excluded ?? undefined },
      },
      sizes,
    ),
    backgrounds.read(tx, tenantId, { spaceId, vector, articles }),
  ]);
  const passages = { spaceId, near };
  const calibration: Calibration = { ...background, articles };
  const foreignness = foreignnessOf(q);
  if (mode !== 'hybrid') {
    const fused = near.map(({ articleId: id, similarity, language }, index) => ({
      id,
      score: similarity,
      ranks: { keyword: null, semantic: index + 1 },
      relevance: relevanceOf({ similarity, part: null, foreignness: foreignness(language) }, calibration),
    }));
    return { fused, marks: undefined, passages };
  }
  const ranked = words?.ranked ?? [];
  const known = words?.known ?? 0;
  const nearest = new Map(near.map((each) => [each.articleId, each]));
  const shares = new Map(ranked.map(({ id, share }) => [id, share]));
  const fused = fuse(
    { known, hits: ranked },
    { ...background, hits: near.map(({ articleId: id, ...rest }) => ({ id, ...rest })) },
  );
  return {
    fused: fused.map((hit) => ({
      ...hit,
      relevance: relevanceOf(
        {
          similarity: nearest.get(hit.id)?.similarity ?? null,
          part: shares.get(hit.id) ?? 0,
          foreignness: foreignness(nearest.get(hit.id)?.language ?? null),
        },
        calibration,
      ),
    })),
    marks: words?.marks,
    passages,
  };
}
