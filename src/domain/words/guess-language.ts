import { bestLanguage, ngramBytes } from './language-scores.ts';

// The method of eld (Nito T.M., Apache-2.0), with its n-grams: the same answers from a hundredth of the memory.

/** Everything between words. A word keeps its apostrophe; characters beyond the basic plane are in no n-gram. */
const separators = /(?:[^\p{L}]|[\u{10000}-\u{10ffff}])+(?<!['`’])/gu;
const longestWordBytes = 70;
/** Text is read to the end of the word at the first number, and to the end of the character at the second. */
const readBytes = { toWord: 350, toCharacter: 380 };
const fewestNgrams = 3;
/** Where half of the highest possible score is reached. */
const scale = 25;
/** A guess is sure from this part of the language's mean score on. */
const surePart = 0.75;
const blank = 0x20;

/** The language of a text, as an ISO 639-1 code; null where it could be several. */
export function guessLanguage(text: string): string | null {
  const ngrams = ngramsOf(wordsOf(text));
  const best = bestLanguage(ngrams);
  if (best === undefined || ngrams.size < fewestNgrams) return null;
  const mean = best.sum / ngrams.size;
  return mean / (mean + scale) < best.meanScore * surePart ? null : best.language;
}

/** The bytes of the words at the beginning of a text. */
function wordsOf(text: string): Buffer[] {
  const words: Buffer[] = [];
  let read = 0;
  for (const word of text.replace(separators, ' ').trim().toLowerCase().split(' ')) {
    if (word === '') continue;
    const bytes = Buffer.from(word);
    const left = readBytes.toCharacter - read;
    if (bytes.length > left) {
      words.push(bytes.subarray(0, endOfCharacter(bytes, left)));
      break;
    }
    words.push(bytes);
    read += bytes.length;
    if (read > readBytes.toWord) break;
    read += 1;
  }
  return words;
}

/** Where the character ends that has the byte at `index`. */
function endOfCharacter(bytes: Buffer, index: number): number {
  let end = index + 1;
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end++;
  return end;
}

/** The n-grams of the words as numbers: four bytes every three bytes, with a blank before the first and after the last. */
function ngramsOf(words: readonly Buffer[]): Set<number> {
  const ngrams = new Set<number>();
  for (const word of words) {
    const length = Math.min(word.length, longestWordBytes);
    let start = 0;
    for (; start + 4 < length; start += 3) ngrams.add(ngramOf(word, start, start + 4, start === 0, false));
    // A longer word ends with an n-gram that no language has.
    ngrams.add(ngramOf(word, Math.max(0, length - 4), word.length, start === 0, true));
  }
  return ngrams;
}

function ngramOf(word: Buffer, start: number, end: number, isFirst: boolean, isLast: boolean): number {
  let ngram = isFirst ? blank : 0;
  let size = isFirst ? 1 : 0;
  for (let index = start; index < end && size < ngramBytes; index++, size++) {
    ngram = ngram * 256 + (word[index] ?? 0);
  }
  if (isLast && size < ngramBytes) {
    ngram = ngram * 256 + blank;
    size++;
  }
  return ngram * 256 ** (ngramBytes - size);
}
