import { createRandom, createZipf, type Random } from './random.ts';

/** Words of a topic, and texts made of them. */

// What every English text is full of; a text search leaves most of them out, as it should.
const everyday =
  'the of and to in a is that for it as was with be by on not he this are or his from at which but have an had they you were their one all we can her has there been if more when will would who so no said out up into than them only some could time these two may then do first any my now such like our over'.split(
    ' ',
  );
const onsets = [
  'b',
  'br',
  'c',
  'cl',
  'd',
  'dr',
  'f',
  'g',
  'gr',
  'l',
  'm',
  'n',
  'p',
  'pl',
  'r',
  's',
  'st',
  't',
  'tr',
  'v',
];
const vowels = ['a', 'e', 'i', 'o', 'u', 'ea', 'io', 'ou'];
const codas = ['', '', 'l', 'm', 'n', 'r', 'st', 'nd', 'rk', 't', 'x', 'lt'];
const vocabularySize = 20_000;
const topicWords = 400;

const vocabulary = makeVocabulary();
const pickEveryday = createZipf(everyday.length, 1);
const pickAny = createZipf(vocabularySize, 1);
const pickOfTopic = createZipf(topicWords, 0.9);

/** Made-up words of two to four syllables, none twice: real ones would need a list of them in the repository. */
function makeVocabulary(): string[] {
  const random = createRandom(1);
  const any = (parts: readonly string[]) => parts[random.below(parts.length)] ?? '';
  const words = new Set<string>();
  while (words.size < vocabularySize) {
    let word = '';
    for (let syllable = 2 + random.below(3); syllable > 0; syllable -= 1) word += any(onsets) + any(vowels);
    words.add(word + any(codas));
  }
  return [...words];
}

const isEveryday = new Set(everyday);

/** Whether a text search looks for the word at all. */
export const isSearched = (word: string): boolean => !isEveryday.has(word);

/** A word that says something of a topic; the frequent words of one topic are seldom those of another. */
export function topicWord(topic: number, random: Random): string {
  return vocabulary[(topic * 7_919 + pickOfTopic(random) * 31) % vocabularySize] ?? '';
}

/** A word of running text: four in ten say nothing, three are of the topic, the rest are of any. */
function textWord(topic: number, random: Random): string {
  const chance = random.next();
  if (chance < 0.4) return everyday[pickEveryday(random)] ?? '';
  if (chance < 0.7) return topicWord(topic, random);
  return vocabulary[pickAny(random)] ?? '';
}

/** Some sentences, `words` words in all. */
export function paragraph(topic: number, words: number, random: Random): string {
  const sentences: string[] = [];
  for (let left = words; left > 0; ) {
    const length = Math.min(left, 6 + random.below(16));
    const text = Array.from({ length }, () => textWord(topic, random)).join(' ');
    sentences.push(`${capitalise(text)}.`);
    left -= length;
  }
  return sentences.join(' ');
}

/** Four to eight words, mostly the topic's. */
export function title(topic: number, random: Random): string {
  const length = 4 + random.below(5);
  return capitalise(
    Array.from({ length }, () =>
      random.next() < 0.7 ? topicWord(topic, random) : textWord(topic, random),
    ).join(' '),
  );
}

const capitalise = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
