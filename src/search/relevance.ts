/** From this relevance on a hit counts as relevant. */
export const leastRelevant = 0.5;

/** What similarities mean in a tenant's space. */
export interface Calibration {
  /** The mean similarity of the query to any text of the tenant's. */
  readonly mean: number;
  /** That of two passages of different articles; null where no two are. */
  readonly unrelated: number | null;
  /** That of two passages of one article; null where no article has two. */
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
 * The weights of logistic regressions on Cranfield, XQuAD and the samples, and on 3, 10 and 25 articles of each, with their own
 * questions and with off-topic ones. Judged by weights from the others, 11 % of either were judged wrong; by meaning alone 14 %.
 */
const weights = { nearness: 6.8, articles: -0.76, part: 4.9, constant: 2.2 } as const;
const weightsByMeaning = { nearness: 8, articles: -0.75, constant: 3.1 } as const;
/** By words alone, half of a query says as much for a hit as against it. */
const weightsByWords = { part: 12, half: 0.5 } as const;
/** Nearly all of a query is relevant by itself, however far the vector. */
const weightsOfWhole = { part: 12, half: 0.75 } as const;

/** Where no article has two passages: how much nearer they usually are, as a part of the distance from the mean to 1. */
const usuallyRelated = 0.6;

/**
 * How likely a hit is about what was asked, from 0 to 1. Unlike a score, it can be compared between searches and between models.
 * `calibration` is undefined where the search was by words alone.
 */
export function relevanceOf({ similarity, part }: Evidence, calibration: Calibration | undefined): number {
  const byWords = part === null ? 0 : logistic(weightsByWords.part * (part - weightsByWords.half));
  if (calibration === undefined || similarity === null) return byWords;
  // With the vectors of one article there is nothing to compare it with: it is not left out.
  if (calibration.unrelated === null) return Math.max(byWords, leastRelevant);
  const nearness = nearnessOf(similarity, calibration, calibration.unrelated);
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
 * How much nearer than any text, than two texts of the tenant's are, and than two passages about one thing are, in parts of the
 * distance from the first to 1: so it means the same in every model's space. A tenant whose texts are all alike is as near to a
 * question about them as any of them to another, which the first alone would take for chance.
 */
function nearnessOf(similarity: number, { mean, related }: Calibration, unrelated: number): number {
  const distance = Math.max(1e-6, 1 - mean);
  const together = related ?? mean + usuallyRelated * distance;
  return (3 * similarity - mean - unrelated - together) / distance;
}

const logistic = (x: number) => 1 / (1 + Math.exp(-x));
