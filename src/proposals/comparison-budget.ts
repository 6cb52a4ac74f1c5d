import type { Chunk } from '../domain/chunks.ts';
import { sampleEvenly } from './text.ts';

/** Chunks of a proposal that are compared in full; all but the longest articles have fewer. */
const maxCompared = 256;
/**
 * Numbers of a proposal's vectors, times the articles' chunks that each is compared with. Because Postgres multiplies some 600
 * million a second, and the tenant's other proposals wait meanwhile: this is a quarter of a second. A proposal of 16 chunks
 * with 1,536 dimensions reaches it at 6,000 chunks, and one of 250 at 390.
 */
export const maxNumbers = 150_000_000;

/** What it takes to compare a proposal with some articles. */
export interface ComparisonCost {
  readonly dimensions: number;
  /** Chunks of the articles. */
  readonly articleChunks: number;
  /** Pairs of a proposal's chunk and an article's: all but those of a chunk with an article in which it stands word for word. */
  readonly pairs: number;
}

/** The chunks of a proposal to compare, before it is known with which articles. */
export function comparable(chunks: readonly Chunk[]): Chunk[] {
  return sampleEvenly(chunks, maxCompared);
}

/** Those of the chunks that can be compared within the bound: all, or as many as surely can, from all over the text. */
export function affordable(
  chunks: readonly Chunk[],
  { dimensions, articleChunks, pairs }: ComparisonCost,
): Chunk[] {
  if (pairs * dimensions <= maxNumbers) return [...chunks];
  return sampleEvenly(chunks, Math.max(1, Math.floor(maxNumbers / (articleChunks * dimensions))));
}
