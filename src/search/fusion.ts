export type Source = 'keyword' | 'semantic';

export interface RankedList {
  readonly source: Source;
  /** Best first. */
  readonly ids: readonly string[];
}

export interface Fused {
  readonly id: string;
  readonly score: number;
  readonly matched: readonly Source[];
}

/** Keeps the first ranks of one list from deciding alone; 60 is what the method's authors found and everyone uses. */
const k = 60;

/**
 * Reciprocal rank fusion: an id scores 1 / (60 + rank) in each list that has it. Ranks compare where scores of different
 * kinds (a cosine, a text rank) do not. Equal scores are ordered by id, so that the order is always the same.
 */
export function fuse(lists: readonly RankedList[]): Fused[] {
  const fused = new Map<string, { score: number; matched: Source[] }>();
  for (const { source, ids } of lists) {
    ids.forEach((id, index) => {
      const entry = fused.get(id) ?? { score: 0, matched: [] };
      entry.score += 1 / (k + index + 1);
      entry.matched.push(source);
      fused.set(id, entry);
    });
  }
  return [...fused]
    .map(([id, entry]) => ({ id, ...entry }))
    .sort((left, right) => right.score - left.score || (left.id < right.id ? -1 : 1));
}
