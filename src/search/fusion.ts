export const sources = ['keyword', 'semantic'] as const;
export type Source = (typeof sources)[number];

/** The place of an article in the ranking of each source, from 1; null where the source does not have it. */
export type Ranks = Readonly<Record<Source, number | null>>;

export interface RankedList {
  readonly source: Source;
  /** Best first. `weight` is how much its place counts, 1 where nothing is said. */
  readonly hits: readonly { readonly id: string; readonly weight?: number }[];
}

export interface Fused {
  readonly id: string;
  readonly score: number;
  readonly ranks: Ranks;
}

/** Keeps the first ranks of one list from deciding alone; 60 is what the method's authors found and everyone uses. */
const k = 60;

/**
 * Reciprocal rank fusion: an id scores 1 / (60 + rank) in each list that has it. Ranks compare where scores of different
 * kinds (a cosine, a text rank) do not. Equal scores are ordered by id, so that the order is always the same.
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

/** The sources that have found it. */
export function matchedIn(ranks: Ranks): Source[] {
  return sources.filter((source) => ranks[source] !== null);
}
