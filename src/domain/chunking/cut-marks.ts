import type { RankedCuts } from './ranked-cuts.ts';

const markLength = 32;
const multiplier = 0x01000193;
/** What the first of `markLength` characters has been multiplied with when it leaves the window. */
const leaving = power(multiplier, markLength);

/**
 * A hash of the start of the line behind each cut. It orders cuts of one rank and does not change when the line moves. It covers
 * nothing after the line, so that an edit below a heading does not change the heading's mark. The window moves over the text
 * once, from its end, so that a mark costs the same whatever is in it.
 */
export function markCuts(
  text: string,
  { count, offsets }: Pick<RankedCuts, 'count' | 'offsets'>,
): Uint32Array {
  const marks = new Uint32Array(count);
  let next = count - 1;
  let hash = 0;
  let lineEnd = text.length;
  for (let at = text.length - 1; at >= 0; at -= 1) {
    const code = text.charCodeAt(at);
    if (code === 0x0a) {
      hash = 0;
      lineEnd = at;
    } else {
      hash = (Math.imul(hash, multiplier) + code) | 0;
      const left = at + markLength;
      if (left < lineEnd) hash = (hash - Math.imul(leaving, text.charCodeAt(left))) | 0;
    }
    if (offsets[next] !== at) continue;
    marks[next] = mix(hash);
    next -= 1;
  }
  return marks;
}

/** Spreads every bit over all bits (the end of MurmurHash3), so that the order says nothing about the characters. */
function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function power(base: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i += 1) result = Math.imul(result, base);
  return result;
}
