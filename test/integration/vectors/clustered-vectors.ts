/** Numbers between 0 and 1 that are the same in each run (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The dimensions in which the vectors really differ. */
export const baseDimensions = 64;
const clusters = 40;

/**
 * Vectors that lie about centres, all of them on the same side of the space, as the vectors of a language model do. Those of
 * more dimensions are the same 64 numbers again and again, which leaves the cosines as they are.
 */
export function createClusteredVectors(seed: number): () => number[] {
  const random = createRandom(seed);
  const noise = () => random() + random() + random() - 1.5;
  const many = <T>(length: number, make: () => T) => Array.from({ length }, make);
  const common = many(baseDimensions, noise);
  const centres = many(clusters, () => common.map((each) => 2 * each + noise()));
  return () => {
    const centre = centres[Math.floor(random() * clusters)] ?? common;
    return centre.map((each) => each + 0.6 * noise());
  };
}

export function repeated(vector: readonly number[], dimensions: number): number[] {
  return Array.from({ length: dimensions }, (_, at) => vector[at % vector.length] ?? 0);
}

export function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, each, at) => sum + each * (y[at] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
