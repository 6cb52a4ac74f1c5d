import { nearlyEqualFrom } from './decision.ts';
import { calibrate } from './similarity-calibration.ts';

/** One chunk of a proposal, compared with an article. */
export interface ComparedChunk {
  /** Its share of the proposal's text, in any unit. */
  readonly weight: number;
  /** Cosine of the article's chunk that is nearest to it. */
  readonly cosine: number;
}

/** The highest similarity of an article that lacks a chunk. */
const mostOfAnother = nearlyEqualFrom - 1e-6;

/**
 * How much of a proposal an article already says, from -1 to 1, on the scale that all models share. It is the mean,
 * over the proposal's chunks weighted by their length, of the cosine of the article's nearest chunk. An article that
 * says more than the proposal counts as much as one that says exactly that. A chunk that the article does not say keeps
 * the similarity below that of copies, however small its share: otherwise the new section of a long article would not
 * show in it. The result is rounded to six places, because vectors are stored with seven, so that equal texts have exactly 1.
 */
export function similarity(model: string, chunks: readonly ComparedChunk[]): number {
  let sum = 0;
  let weights = 0;
  let least = 1;
  for (const { weight, cosine } of chunks) {
    sum += weight * cosine;
    weights += weight;
    least = Math.min(least, rounded(cosine));
  }
  if (weights === 0) return 0;
  const mean = rounded(sum / weights);
  const said = least < nearlyEqualFrom ? Math.min(mean, mostOfAnother) : mean;
  return rounded(calibrate(model, said));
}

const rounded = (value: number) => Math.round(value * 1e6) / 1e6;
