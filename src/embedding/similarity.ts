/** One chunk of a proposal, held against an article. */
export interface ComparedChunk {
  /** Its share of the proposal's text, in any unit. */
  readonly weight: number;
  /** Cosine of the article's chunk that is nearest to it. */
  readonly cosine: number;
}

/**
 * How much of a proposal an article says already, from -1 to 1: the mean over the proposal's chunks, each by its length, of the
 * cosine of the article's nearest chunk. An article that says all of it and more counts as much as one that says just that.
 * Rounded to six places, as vectors are kept with seven, so that equal texts have exactly 1.
 */
export function similarity(chunks: readonly ComparedChunk[]): number {
  let sum = 0;
  let weights = 0;
  for (const { weight, cosine } of chunks) {
    sum += weight * cosine;
    weights += weight;
  }
  return weights === 0 ? 0 : Math.round((sum / weights) * 1e6) / 1e6;
}
