import { brotliDecompressSync } from 'node:zlib';
import { packedNgrams, scoredLanguages } from './language-ngrams.ts';

/** The bytes of an n-gram; a shorter one ends with zeros. */
export const ngramBytes = 6;
const countBytes = 4;

/** The n-grams of the languages, sorted, in arrays of numbers: as objects they would take eighty times the memory. */
function unpack(packed: string) {
  const bytes = brotliDecompressSync(Buffer.from(packed, 'base64'));
  const count = bytes.readUInt32BE(0);
  const ngrams = new Float64Array(count);
  const starts = new Uint32Array(count + 1);
  const counts = countBytes + ngramBytes * count;
  for (let index = 0; index < count; index++) {
    let code = 0;
    for (let column = 0; column < ngramBytes; column++) {
      code = code * 256 + bytes.readUInt8(countBytes + column * count + index);
    }
    ngrams[index] = code;
    starts[index + 1] = (starts[index] ?? 0) + bytes.readUInt8(counts + index);
  }
  const pairs = starts[count] ?? 0;
  // Copies: a view would keep all of the unpacked bytes.
  const languages = new Uint8Array(bytes.subarray(counts + count, counts + count + pairs));
  const scores = new Uint8Array(bytes.subarray(counts + count + pairs));
  return { ngrams, starts, languages, scores };
}

const table = unpack(packedNgrams);
/** The scores are kept without what the least of them has. */
const baseScore = 53;

/** Where an n-gram is; -1 where no language has it. */
function find(ngram: number): number {
  let from = 0;
  let to = table.ngrams.length - 1;
  while (from <= to) {
    const middle = (from + to) >> 1;
    const found = table.ngrams[middle] ?? 0;
    if (found === ngram) return middle;
    if (found < ngram) from = middle + 1;
    else to = middle - 1;
  }
  return -1;
}

/** The language that the n-grams speak for most, with the sum of their scores; undefined where they speak for none. */
export function bestLanguage(
  ngrams: Iterable<number>,
): { readonly language: string; readonly meanScore: number; readonly sum: number } | undefined {
  const sums = new Float64Array(scoredLanguages.length);
  for (const ngram of ngrams) {
    const index = find(ngram);
    if (index < 0) continue;
    const end = table.starts[index + 1] ?? 0;
    for (let pair = table.starts[index] ?? 0; pair < end; pair++) {
      const language = table.languages[pair] ?? 0;
      sums[language] = (sums[language] ?? 0) + (table.scores[pair] ?? 0) + baseScore;
    }
  }
  let sum = 0;
  let best: (typeof scoredLanguages)[number] | undefined;
  for (const [number, each] of scoredLanguages.entries()) {
    const own = sums[number] ?? 0;
    if (own > sum) {
      sum = own;
      best = each;
    }
  }
  return best === undefined ? undefined : { language: best[0], meanScore: best[1], sum };
}
