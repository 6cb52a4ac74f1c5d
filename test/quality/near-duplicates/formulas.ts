import { nearlyEqualFrom } from '../../../src/proposals/decision.ts';
import { similarity } from '../../../src/proposals/similarity.ts';

/** A chunk as the formulas see it: its vector, of length one, and its share of the article. */
export interface WeighedVector {
  readonly vector: readonly number[];
  readonly weight: number;
}

export type Formula = (proposed: readonly WeighedVector[], published: readonly WeighedVector[]) => number;

/** For each chunk of the one, the cosine of the other's nearest chunk. */
const bestCosines = (one: readonly WeighedVector[], other: readonly WeighedVector[]): number[] =>
  one.map(({ vector }) => Math.max(...other.map((each) => dot(vector, each.vector))));

const coverage: Formula = (proposed, published) => {
  const best = bestCosines(proposed, published);
  const total = proposed.reduce((sum, { weight }) => sum + weight, 0);
  return proposed.reduce((sum, { weight }, index) => sum + (weight / total) * (best[index] ?? 0), 0);
};

const weakest: Formula = (proposed, published) => Math.min(...bestCosines(proposed, published));

/** The ways to make one similarity of two articles' chunks that the measurement compares. */
export const formulas: Readonly<Record<string, Formula>> = {
  'first chunks': ([one], [other]) => (one && other ? dot(one.vector, other.vector) : 0),
  'means of all chunks': (proposed, published) => dot(meanOf(proposed), meanOf(published)),
  'best pair of chunks': (proposed, published) => Math.max(...bestCosines(proposed, published)),
  'weakest chunk': weakest,
  coverage,
  'coverage, lesser of both ways': (proposed, published) =>
    Math.min(coverage(proposed, published), coverage(published, proposed)),
  'coverage, mean of both ways': (proposed, published) =>
    (coverage(proposed, published) + coverage(published, proposed)) / 2,
  'coverage, below 0.97 if a chunk is': (proposed, published) =>
    weakest(proposed, published) < nearlyEqualFrom
      ? Math.min(coverage(proposed, published), nearlyEqualFrom - 1e-6)
      : coverage(proposed, published),
};

/** The service's own formula, for the chunks of a model. */
export const chosen =
  (model: string): Formula =>
  (proposed, published) => {
    const best = bestCosines(proposed, published);
    return similarity(
      model,
      proposed.map(({ weight }, index) => ({ weight, cosine: best[index] ?? 0 })),
    );
  };

/** The vector less the mean of others, of length one again: what a text says beyond what they all have in common. */
export const centred = (vector: readonly number[], mean: readonly number[]) =>
  normalised(vector.map((value, index) => value - (mean[index] ?? 0)));

export const meanVector = (vectors: readonly (readonly number[])[]) =>
  (vectors[0] ?? []).map(
    (_, index) => vectors.reduce((sum, each) => sum + (each[index] ?? 0), 0) / vectors.length,
  );

const meanOf = (chunks: readonly WeighedVector[]) =>
  normalised(meanVector(chunks.map(({ vector }) => vector)));

export function normalised(vector: readonly number[]): number[] {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / length);
}

function dot(one: readonly number[], other: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += (one[index] ?? 0) * (other[index] ?? 0);
  return sum;
}
