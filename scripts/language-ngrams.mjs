// Writes src/domain/words/language-ngrams.ts from the small set of n-grams of the package eld. As objects, which is how the package
// holds it, the set takes 77 MB in each process and each thread; packed, less than one.
import './close-library-output.mjs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const root = join(import.meta.dirname, '..');
const inEld = (file) => import(join(root, 'node_modules', 'eld', 'src', file));
const { ngramsData } = await inEld('ngrams/extrasmall.js');
const { dictionary } = await inEld('dictionary.js');
const { avgScore } = await inEld('avgScore.js');

/** The package writes each byte above ASCII as a character of its own. */
const byteOf = (character) => {
  const above = dictionary.indexOf(character, 128);
  return character === ' ' || above < 0 ? character.charCodeAt(0) : above;
};
const longest = 6;
const ngrams = Object.entries(ngramsData.ngrams)
  .map(([ngram, scores]) => ({
    bytes: Buffer.from([...ngram].map(byteOf).concat(Array(longest).fill(0)).slice(0, longest)),
    scores: Object.entries(scores).map(([language, score]) => [Number(language), score]),
  }))
  .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
const pairs = ngrams.flatMap(({ scores }) => scores);
const size = Buffer.alloc(4);
size.writeUInt32BE(ngrams.length);
const packed = brotliCompressSync(
  Buffer.concat([
    size,
    // By columns, because sorted n-grams differ least in their first bytes.
    ...Array.from({ length: longest }, (_, column) => Buffer.from(ngrams.map(({ bytes }) => bytes[column]))),
    Buffer.from(ngrams.map(({ scores }) => scores.length)),
    Buffer.from(pairs.map(([language]) => language)),
    Buffer.from(pairs.map(([, score]) => score)),
  ]),
);
const languages = Object.values(ngramsData.languages);
const lines = languages.map((language) => `  ['${language}', ${avgScore[language]}],`);
writeFileSync(
  join(root, 'src', 'domain', 'words', 'language-ngrams.ts'),
  `// Written by scripts/language-ngrams.mjs from eld 2.1.0 (Nito T.M., Apache-2.0): do not edit.

/** The detected languages in the order of their numbers, and the mean score of a text in each. */
export const scoredLanguages = [
${lines.join('\n')}
] as const;

/**
 * How likely each n-gram of bytes is in each language, as brotli in base64: the number of n-grams, their bytes by columns, how many
 * languages each has, and the numbers and scores of these.
 */
export const packedNgrams =
  '${packed.toString('base64')}';
`,
);
console.log(`${ngrams.length} n-grams, ${pairs.length} scores, ${Math.round(packed.length / 1024)} KiB`);
