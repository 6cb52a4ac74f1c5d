/** From this relevance on a hit counts as relevant. */
export const leastRelevant = 0.5;

/** What similarities mean in a tenant's space. */
export interface Calibration {
  /** The mean similarity of the query to any text of the tenant's, and its standard deviation. */
  readonly mean: number;
  readonly spread: number;
  /** The usual similarity of two passages of one article; null where no article has two. */
  readonly related: number | null;
  /** The number of articles among which the query has been compared. */
  readonly articles: number;
}

/** What speaks for a hit. */
export interface Evidence {
  /** Null where the article has not been compared by meaning. */
  readonly similarity: number | null;
  /** The part of the query that the article has, by weight, unknown words included; null where words were not searched. */
  readonly part: number | null;
}

/**
 * The weights of a logistic regression on Cranfield, XQuAD, the samples, and a few articles of each, with their own questions and
 * with others' and off-topic ones; each was judged by weights of the others, and 11 % of both were judged wrong. `nearness` is
 * per the distance that two passages of one article usually have, so that it means the same in every model's space.
 */
const weights = { nearness: 5.4, articles: -0.95, part: 4.7, constant: 2.6 } as const;
const weightsByMeaning = { nearness: 6.7, articles: -0.95, constant: 3.6 } as const;
/** By words alone half of the query is as good as not. */
const weightsByWords = { part: 12, half: 0.52 } as const;
/** Nearly all of a query is relevant by itself, however far the vector. */
const weightsOfWhole = { part: 12, half: 0.75 } as const;

/** Where no article has two passages: the part of the distance to any text that two of one article usually have. */
const usualDistance = 0.6;

/**
 * How likely a hit is about what was asked, from 0 to 1. Unlike a score, it can be compared between searches and between models.
 * `calibration` is undefined where the search was by words alone.
 */
export function relevanceOf({ similarity, part }: Evidence, calibration: Calibration | undefined): number {
  const byWords = part === null ? 0 : logistic(weightsByWords.part * (part - weightsByWords.half));
  if (calibration === undefined || similarity === null) return byWords;
  const nearness = nearnessOf(similarity, calibration);
  const size = Math.log(Math.max(1, calibration.articles));
  if (part === null) {
    return logistic(
      weightsByMeaning.nearness * nearness + weightsByMeaning.articles * size + weightsByMeaning.constant,
    );
  }
  const both = logistic(
    weights.nearness * nearness + weights.articles * size + weights.part * part + weights.constant,
  );
  return Math.max(both, logistic(weightsOfWhole.part * (part - weightsOfWhole.half)));
}

/**
 * How much nearer than any text, and than two passages of one article: each in the usual distance of such passages. More
 * articles have nearer ones by chance, which the weight of their number takes back.
 */
function nearnessOf(similarity: number, { mean, related }: Calibration): number {
  const distance = Math.max(1e-6, related === null ? (1 - mean) * usualDistance : 1 - related);
  return (similarity - mean) / distance + (similarity - (1 - distance)) / distance;
}

const logistic = (x: number) => 1 / (1 + Math.exp(-x));
