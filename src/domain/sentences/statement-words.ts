/** The most words of a statement that are looked at: a piece of code may be the whole text. */
const maxWords = 400;
/** The most characters in which they are looked for. */
const maxCharacters = 8_000;

const words =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]|[^\s\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]+/gu;

/** The distinct words of a folded statement: what stands between blanks, and single letters of scripts without blanks. */
export function wordsOf(folded: string): Set<string> {
  const found = new Set<string>();
  for (const [word] of folded.slice(0, maxCharacters).matchAll(words)) {
    found.add(withoutCommas(word));
    if (found.size >= maxWords) break;
  }
  return found;
}

/** A comma or colon behind a word makes no other word of it. */
const withoutCommas = (word: string) => (/^.+[,;:]$/u.test(word) ? word.slice(0, -1) : word);
