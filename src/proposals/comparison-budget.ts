import type { Chunk } from '../domain/chunks.ts';
import { sampleEvenly } from './text.ts';

/** The most chunks of a proposal that are compared. All but the longest articles have fewer. */
const maxCompared = 256;
/**
 * The most multiplications of a comparison: the numbers of a proposal's vectors, times the articles' chunks that each
 * is compared with. Postgres does some 600 million a second, so this is a quarter of a second, for which the tenant's
 * other proposals wait. A proposal of 16 chunks with 1,536 dimensions reaches it at 6,000 chunks, and one of 250 at
 * 390.
 */
export const maxNumbers = 150_000_000;

/** What it takes to compare a proposal with some articles. */
export interface ComparisonCost {
  readonly dimensions: number;
  /** Chunks of the articles. */
  readonly articleChunks: number;
  /**
   * Pairs of a proposal's chunk and an article's chunk, without those of a chunk that the article contains word for
   * word.
   */
  readonly pairs: number;
}

/** The chunks of a proposal to compare, before the articles are known. */
export function comparable(chunks: readonly Chunk[]): Chunk[] {
  return sampleEvenly(chunks, maxCompared);
}

/** The chunks that can be compared within `maxNumbers`: all, or as many as surely can, from all over the text. */
export function affordable(
  chunks: readonly Chunk[],
  { dimensions, articleChunks, pairs }: ComparisonCost,
): Chunk[] {
  if (pairs * dimensions <= maxNumbers) return [...chunks];
  return sampleEvenly(chunks, Math.max(1, Math.floor(maxNumbers / (articleChunks * dimensions))));
}
