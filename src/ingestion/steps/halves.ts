/** Where a text may be cut, the best first: between paragraphs, lines, sentences, words. */
const cuts = [/\n\s*\n/g, /\n/g, /(?<=[.!?。！？])\s*/gu, /\s+/g];

/** The part of a text, around its middle, in which a better cut is preferred to one nearer to the middle. */
const window = 0.25;

/**
 * Cuts a text in two near its middle: nothing is left out, nothing stands in both, and no character is cut through. One of a single
 * character has an empty second half.
 */
export function halvesOf(text: string): readonly [string, string] {
  const middle = Math.floor(text.length / 2);
  const from = Math.floor(middle - text.length * window);
  const near = text.slice(from, Math.ceil(middle + text.length * window));
  for (const cut of cuts) {
    const places = [...near.matchAll(cut)].map((match) => from + match.index + match[0].length);
    const inside = places.filter((place) => place > 0 && place < text.length);
    const [first, ...others] = inside;
    if (first === undefined) continue;
    const best = others.reduce(
      (nearest, place) => (Math.abs(place - middle) < Math.abs(nearest - middle) ? place : nearest),
      first,
    );
    return [text.slice(0, best), text.slice(best)];
  }
  // The second half of a pair of surrogates goes with its first.
  const isCutThrough =
    /[\ud800-\udbff]/.test(text.charAt(middle - 1)) && /[\udc00-\udfff]/.test(text.charAt(middle));
  const at = isCutThrough || middle === 0 ? middle + 1 : middle;
  return [text.slice(0, at), text.slice(at)];
}

/** The text of a part, or of a half of it. */
export function textOfHalf(text: string, half: 0 | 1 | 2): string {
  if (half === 0) return text;
  return halvesOf(text)[half - 1] ?? '';
}
