/** Texts and words by which one tenant makes much work for all. */

/** A sequence of numbers from 0 to 1 that is the same in every run. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    // The multiplier and the increment of Numerical Recipes' generator.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const fnvOffset = 0x811c9dc5;
const fnvPrime = 0x01000193;

/** FNV-1a of the first 32 UTF-16 units. */
function fnv1a(text: string): number {
  let hash = fnvOffset;
  for (let i = 0; i < Math.min(32, text.length); i += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(i), fnvPrime) >>> 0;
  }
  return hash;
}

/** Lines of 27 Hangul letters in the order of their hashes: each is a better cut than all before it. */
export function hangulLines(lines: number, seed: number): string {
  const random = createRandom(seed);
  const letter = () => String.fromCharCode(0xac00 + Math.floor(random() * 11_172));
  return Array.from({ length: lines }, () => Array.from({ length: 27 }, letter).join(''))
    .sort((left, right) => fnv1a(left) - fnv1a(right))
    .join('\n');
}

/** Words of a vocabulary that all articles of the tenant share. */
export function vocabularyWords(count: number, vocabulary: number, seed: number): string[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => `word${Math.floor(random() * vocabulary)}x`);
}
