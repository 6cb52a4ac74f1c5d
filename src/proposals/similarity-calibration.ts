import { duplicateFrom, lowNoveltyFrom } from './decision.ts';

/**
 * Models whose vectors all lie in a narrow cone, so that texts about different things have a cosine that is high elsewhere.
 * `lowNoveltyFrom` is the cosine that no two different articles reached when it was measured (ADR 11).
 */
const narrowModels: readonly { readonly named: RegExp; readonly lowNoveltyFrom: number }[] = [
  { named: /(^|[/:])multilingual-e5-small\b/i, lowNoveltyFrom: 0.925 },
];

/**
 * A cosine on the scale that the thresholds are given in. For most models that is the cosine itself; for a crowded one the part
 * below `duplicateFrom` is stretched, in order, such that its own bound of low novelty comes to stand at the common one.
 */
export function calibrate(model: string, cosine: number): number {
  const crowded = narrowModels.find(({ named }) => named.test(model));
  if (crowded === undefined || cosine >= duplicateFrom || cosine <= 0) return cosine;
  const own = crowded.lowNoveltyFrom;
  if (cosine < own) return (cosine / own) * lowNoveltyFrom;
  return lowNoveltyFrom + ((cosine - own) / (duplicateFrom - own)) * (duplicateFrom - lowNoveltyFrom);
}
