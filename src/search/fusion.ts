export const sources = ['keyword', 'semantic'] as const;
export type Source = (typeof sources)[number];

/** The rank of an article in each source, from 1; null where the source does not have it. */
export type Ranks = Readonly<Record<Source, number | null>>;

export interface RankedList {
  readonly source: Source;
  /** Best first. `weight` is how much a rank counts, 1 by default. */
  readonly hits: readonly { readonly id: string; readonly weight?: number }[];
}

export interface Fused {
  readonly id: string;
  readonly score: number;
  readonly ranks: Ranks;
}

/** Keeps the first ranks of one list from deciding alone. 60 is the value of the method's authors, and the usual one. */
const k = 60;

/**
 * Reciprocal rank fusion: an id scores weight / (60 + rank) in each list that has it. Ranks can be compared; scores of
 * different kinds (a cosine, a text rank) cannot. Equal scores are ordered by id, so the order is always the same.
 */
export function fuse(lists: readonly RankedList[]): Fused[] {
  const fused = new Map<string, { score: number; ranks: Record<Source, number | null> }>();
  for (const { source, hits } of lists) {
    hits.forEach(({ id, weight = 1 }, index) => {
      const entry = fused.get(id) ?? { score: 0, ranks: { keyword: null, semantic: null } };
      entry.score += weight / (k + index + 1);
      entry.ranks[source] = index + 1;
      fused.set(id, entry);
    });
  }
  return [...fused]
    .map(([id, entry]) => ({ id, ...entry }))
    .sort((left, right) => right.score - left.score || (left.id < right.id ? -1 : 1));
}

/** The sources that have found the article. */
export function matchedIn(ranks: Ranks): Source[] {
  return sources.filter((source) => ranks[source] !== null);
}
