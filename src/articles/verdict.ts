import type { GateVerdict } from '../domain/gate.ts';

/** An article that says this much of a proposal makes it a duplicate. */
export const duplicateFrom = 0.97;
/** An article that says this much of it leaves the proposal a draft, for a person to look at. */
export const lowNoveltyFrom = 0.88;

/** The verdict on a proposal by its nearest article. Only who has compared all of a text may refuse it. */
export function verdictOn(
  similarity: number,
  ofAllText: boolean,
): Extract<GateVerdict, 'duplicate' | 'low_novelty' | 'novel'> {
  if (similarity >= duplicateFrom && ofAllText) return 'duplicate';
  return similarity >= lowNoveltyFrom ? 'low_novelty' : 'novel';
}
