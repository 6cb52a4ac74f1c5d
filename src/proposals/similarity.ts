import { duplicateFrom } from './decision.ts';
import { calibrate } from './similarity-calibration.ts';

/** One chunk of a proposal, compared with an article. */
export interface ComparedChunk {
  /** Its share of the proposal's text, in any unit. */
  readonly weight: number;
  /** Cosine of the article's chunk that is nearest to it. */
  readonly cosine: number;
}

/** The most that an article can say of a proposal without being the same. */
const mostOfAnother = duplicateFrom - 1e-6;

/**
 * How much of a proposal an article says already, from -1 to 1: the mean over the proposal's chunks, each by its length, of the
 * cosine of the article's nearest chunk, on the scale that all models share. An article that says all of it and more counts as
 * much as one that says just that. A chunk that the article does not say keeps the proposal from being a duplicate, however
 * small its share: the new section of a long article would be lost otherwise.
 * Rounded to six places, as vectors are kept with seven, so that equal texts have exactly 1.
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
  const said = least < duplicateFrom ? Math.min(mean, mostOfAnother) : mean;
  return rounded(calibrate(model, said));
}

const rounded = (value: number) => Math.round(value * 1e6) / 1e6;
