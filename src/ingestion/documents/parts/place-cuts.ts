import { createSentenceEnds, isSpace } from '../../../domain/chunking/sentence-ends.ts';
import { type BlockCut, cutRanks } from './sections.ts';

/** Chooses where a text is cut, with the block starts of its outline. Each choice takes time linear in the window it looks at. */
export interface CutPlaces {
  /** The last good place in `(from, limit]`. What fits into a part is not torn. */
  last(from: number, limit: number): number;
  /** The best place near the middle of a range. */
  middle(start: number, end: number): number;
}

/** A smaller part than a quarter is a crumb. It is cut off only where it saves the block behind it from being torn. */
const smallestPart = 4;

/** Below the blocks: the end of a sentence, a blank, between two characters. */
type Fine = 'sentence' | 'blank' | 'anywhere';

/** Creates the choice for a text. `cuts` are in the order of the text. */
export function createCutPlaces(text: string, cuts: readonly BlockCut[]): CutPlaces {
  /** The index of the first block start behind an offset. */
  const firstBehind = (offset: number): number => {
    let low = 0;
    let high = cuts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cuts[middle]?.at ?? 0) > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const cutsWithin = function* (from: number, limit: number) {
    for (let index = firstBehind(from); index < cuts.length; index += 1) {
      const cut = cuts[index];
      if (cut === undefined || cut.at > limit) return;
      yield cut;
    }
  };

  /** Whether what begins at a cut ends within a length: it would be torn where the cut were not made. */
  const fits = (at: number, length: number, rank: number): boolean => {
    for (const cut of cutsWithin(at, at + length)) if (cut.rank >= rank) return true;
    return at + length >= text.length;
  };

  return {
    last(from, limit) {
      const length = limit - from;
      for (const rank of [cutRanks.block, cutRanks.inner, cutRanks.codeLine]) {
        let at: number | undefined;
        for (const cut of cutsWithin(from, limit)) if (cut.rank >= rank) at = cut.at;
        if (at === undefined) continue;
        if (at - from >= length / smallestPart || fits(at, length, rank)) return at;
      }
      return fineCut(text, from, limit, limit);
    },

    middle(start, end) {
      const target = start + Math.floor((end - start) / 2);
      const margin = Math.floor((end - start) / 4);
      let best: BlockCut | undefined;
      for (const cut of cutsWithin(target - margin - 1, target + margin)) {
        if (cut.at <= start || cut.at >= end) continue;
        const nearer = best !== undefined && Math.abs(cut.at - target) < Math.abs(best.at - target);
        if (best === undefined || cut.rank > best.rank || (cut.rank === best.rank && nearer)) best = cut;
      }
      return best?.at ?? fineCut(text, start, end - 1, target);
    },
  };
}

/** The place in `(from, limit]` behind a sentence, else behind a blank, else anywhere, that is nearest to `target`. */
function fineCut(text: string, from: number, limit: number, target: number): number {
  const nearest: { [kind in Fine]?: number } = {};
  const offer = (kind: Fine, at: number) => {
    const known = nearest[kind];
    if (known === undefined || Math.abs(at - target) < Math.abs(known - target)) nearest[kind] = at;
  };
  const endsSentence = createSentenceEnds();
  for (let at = from; at <= limit && at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    const ended = endsSentence(code);
    if (at === from || isWithinCharacter(text, at)) continue;
    offer('anywhere', at);
    if (isSpace(text.charCodeAt(at - 1)) && !isSpace(code)) offer('blank', at);
    if (ended) offer('sentence', at);
  }
  const far = (at: number | undefined) => at === undefined || at - from < (limit - from) / smallestPart;
  // A sentence that leaves a crumb is no better than a blank.
  if (!far(nearest.sentence)) return nearest.sentence ?? limit;
  if (!far(nearest.blank)) return nearest.blank ?? limit;
  return nearest.anywhere ?? limit;
}

/** Whether an offset parts a surrogate pair or a line end of two characters. */
function isWithinCharacter(text: string, at: number): boolean {
  const before = text.charCodeAt(at - 1);
  const behind = text.charCodeAt(at);
  const pair = before >= 0xd800 && before <= 0xdbff && behind >= 0xdc00 && behind <= 0xdfff;
  return pair || (before === 0x0d && behind === 0x0a);
}
