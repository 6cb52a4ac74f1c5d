/** The number of characters (not UTF-16 units) before an offset of a text, or between two. A half of a pair counts as one. */
export function countCharacters(text: string, offset: number, from = 0): number {
  let count = 0;
  for (let at = from; at < offset; count += 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return count;
}

/** The offset, in UTF-16 units, behind so many characters of a text. */
export function offsetOf(text: string, characters: number): number {
  let at = 0;
  for (let count = 0; count < characters && at < text.length; count += 1) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return at;
}

/** Counts the characters before an offset of the text. Mostly offsets come in their order, so each is counted from the last. */
export function createCharacterCount(text: string): (offset: number) => number {
  if (!/[\uD800-\uDBFF][\uDC00-\uDFFF]/.test(text)) return (offset) => offset;
  let counted = 0;
  let characters = 0;
  return (offset) => {
    if (offset < counted) return characters - countCharacters(text, counted, offset);
    characters += countCharacters(text, offset, counted);
    counted = offset;
    return characters;
  };
}
