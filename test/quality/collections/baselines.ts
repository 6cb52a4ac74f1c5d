import type { Rank } from './bm25.ts';

/** A document's vectors, of length 1. */
export interface DocumentVectors {
  readonly id: string;
  readonly vectors: readonly Float32Array[];
}

/** The documents by the cosine of their nearest vector. */
export function rankByCosine(query: Float32Array, documents: readonly DocumentVectors[]): string[] {
  return documents
    .map(({ id, vectors }) => ({ id, cosine: Math.max(...vectors.map((each) => dot(each, query))) }))
    .sort((left, right) => right.cosine - left.cosine || (left.id < right.id ? -1 : 1))
    .map(({ id }) => id);
}

const k = 60;
const depth = 100;

/** Plain reciprocal rank fusion of rankings, with the constant of its authors. */
export function fuseByRank(rankings: readonly ReturnType<Rank>[]): string[] {
  const scores = new Map<string, number>();
  for (const ranking of rankings) {
    ranking.slice(0, depth).forEach((id, index) => {
      scores.set(id, (scores.get(id) ?? 0) + 1 / (k + index + 1));
    });
  }
  return [...scores]
    .sort(([one, left], [other, right]) => right - left || (one < other ? -1 : 1))
    .map(([id]) => id);
}

/** A vector of length 1. */
export function normalised(values: readonly number[]): Float32Array {
  const length = Math.hypot(...values) || 1;
  return Float32Array.from(values, (value) => value / length);
}

function dot(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
}
