/** What may be part of a trigram; anything else parts words. */
const between = /[^\p{Alphabetic}\p{Nd}]+/u;

/**
 * The trigrams of a text as Postgres has them (pg_trgm) where its locale knows the letters of all scripts: of each word, with two
 * blanks before it and one behind.
 */
export function trigramsOf(text: string): ReadonlySet<string> {
  const trigrams = new Set<string>();
  for (const word of text.split(between)) {
    if (word === '') continue;
    const characters = Array.from(`  ${word} `);
    for (let at = 2; at < characters.length; at += 1)
      trigrams.add(`${characters[at - 2]}${characters[at - 1]}${characters[at]}`);
  }
  return trigrams;
}

/** The part of the trigrams of either that both have, in the single precision of Postgres. */
export function similarityOf(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  let shared = 0;
  for (const trigram of left) if (right.has(trigram)) shared += 1;
  const all = left.size + right.size - shared;
  return all === 0 ? 0 : Math.fround(shared / all);
}
