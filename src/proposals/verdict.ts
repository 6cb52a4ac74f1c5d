import { duplicateFrom, type GateVerdict, lowNoveltyFrom } from './verdicts.ts';

/** The verdict on a proposal by its nearest article. Only who has compared all of a text may refuse it. */
export function verdictOn(
  similarity: number,
  ofAllText: boolean,
): Extract<GateVerdict, 'duplicate' | 'low_novelty' | 'novel'> {
  if (similarity >= duplicateFrom && ofAllText) return 'duplicate';
  return similarity >= lowNoveltyFrom ? 'low_novelty' : 'novel';
}
