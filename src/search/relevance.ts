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
  /** The number of such pairs that were compared. */
  readonly relatedPairs: number;
  /** The number of articles among which the query has been compared. */
  readonly articles: number;
}

/** What speaks for a hit. */
export interface Evidence {
  /** Null where the article has not been compared by meaning. */
  readonly similarity: number | null;
  /** The part of the query that the article has, by weight, unknown words included; null where words were not searched. */
  readonly part: number | null;
  /** How foreign the article's language is to the query, from 0 to 1. */
  readonly foreignness: number;
}

/**
 * The weights of logistic regressions on Cranfield, XQuAD and the samples, and on 3, 10 and 25 articles of each, with their own
 * questions and with off-topic ones. `field…` are those of a tenant whose texts are all of one field, by how much they are.
 */
const weights = {
  ...{ nearness: 4.9, articles: -0.3, part: 9.5, constant: -0.8 },
  ...{ field: 5.4, fieldMean: 15.3, fieldForeign: 4.7, fieldPart: -6.1 },
} as const;
const weightsByMeaning = {
  ...{ nearness: 6.3, articles: -0.4, part: 0, constant: 0.4 },
  ...{ field: 5.2, fieldMean: 14.3, fieldForeign: 4.5, fieldPart: 0 },
} as const;
/** By words alone, half of a query says as much for a hit as against it. */
const weightsByWords = { part: 12, half: 0.5 } as const;
/** Nearly all of a query is relevant by itself, however far the vector. */
const weightsOfWhole = { part: 16, half: 0.85 } as const;

/** How much nearer two passages of one article usually are, as a part of the distance from the mean to 1. */
const usuallyRelated = 0.62;
/** Their similarity counts as known from so many pairs; the fewer there are, the more of the usual one is mixed in. */
const usualRelatedCounts = 10;
/** How much nearer they are than two of different articles, as a part of the distance to 1: in one field, and in many. */
const leadInOneField = 0.42;
const leadInMany = 0.72;

/**
 * How likely a hit is about what was asked, from 0 to 1. Unlike a score, it can be compared between searches and between models.
 * `calibration` is undefined where the search was by words alone.
 */
export function relevanceOf(
  { similarity, part, foreignness }: Evidence,
  calibration: Calibration | undefined,
): number {
  const byWords = part === null ? 0 : logistic(weightsByWords.part * (part - weightsByWords.half));
  if (calibration === undefined || similarity === null) return byWords;
  // With the vectors of one article there is nothing to compare it with: it is not left out.
  if (calibration.unrelated === null) return Math.max(byWords, leastRelevant);
  const { mean, unrelated, articles } = calibration;
  const related = relatedOf(calibration);
  const by = part === null ? weightsByMeaning : weights;
  const field = fieldOf(unrelated, related);
  const both = logistic(
    by.constant +
      by.nearness * nearnessOf(similarity, mean, unrelated, related) +
      by.articles * Math.log(Math.max(1, articles)) +
      (by.part + by.fieldPart * field) * (part ?? 0) +
      field *
        (by.field + by.fieldMean * partOfRest(mean - unrelated, unrelated) + by.fieldForeign * foreignness),
  );
  return part === null ? both : Math.max(both, logistic(weightsOfWhole.part * (part - weightsOfWhole.half)));
}

/** How similar two passages of one article are. */
function relatedOf({ mean, related, relatedPairs }: Calibration): number {
  const usual = mean + usuallyRelated * (1 - mean);
  const found = related === null ? 0 : relatedPairs;
  return (found * (related ?? usual) + usualRelatedCounts * usual) / (found + usualRelatedCounts);
}

/**
 * How much nearer than any text, than two texts of the tenant's are, and than two passages about one thing are, in parts of the
 * distance from the first to 1: so it means the same in every model's space. A tenant whose texts are all alike is as near to a
 * question about them as any of them to another, which the first alone would take for chance.
 */
function nearnessOf(similarity: number, mean: number, unrelated: number, related: number): number {
  return partOfRest(3 * similarity - mean - unrelated - related, mean);
}

/**
 * How much the tenant's texts are of one field, from 0 to 1: as much as those of different articles are alike. There a question
 * about the field is near to all of them, and one about anything else is far; in another language it is farther by itself, and a
 * word may be shared by chance.
 */
function fieldOf(unrelated: number, related: number): number {
  const lead = partOfRest(related - unrelated, unrelated);
  return Math.min(1, Math.max(0, (leadInMany - lead) / (leadInMany - leadInOneField)));
}

/** A difference of similarities as a part of the distance from one of them to 1. */
const partOfRest = (difference: number, similarity: number) => difference / Math.max(1e-6, 1 - similarity);

const logistic = (x: number) => 1 / (1 + Math.exp(-x));
