import { lowNoveltyFrom, nearlyEqualFrom } from './decision.ts';

/**
 * Models whose vectors all lie in a narrow cone, so that even texts about different things have a cosine that is high for other models.
 * `lowNoveltyFrom` is the cosine that no two different articles reached when it was measured (ADR 11).
 */
const narrowModels: readonly { readonly named: RegExp; readonly lowNoveltyFrom: number }[] = [
  { named: /(^|[/:])multilingual-e5-small\b/i, lowNoveltyFrom: 0.925 },
];

/**
 * Converts a cosine to the scale of the thresholds. For most models it stays the same. For a narrow model the part
 * below `nearlyEqualFrom` is stretched, in order, so that the model's own bound of low novelty falls on the common one.
 */
export function calibrate(model: string, cosine: number): number {
  const narrow = narrowModels.find(({ named }) => named.test(model));
  if (narrow === undefined || cosine >= nearlyEqualFrom || cosine <= 0) return cosine;
  const own = narrow.lowNoveltyFrom;
  if (cosine < own) return (cosine / own) * lowNoveltyFrom;
  return lowNoveltyFrom + ((cosine - own) / (nearlyEqualFrom - own)) * (nearlyEqualFrom - lowNoveltyFrom);
}
