import { createCharacterCount } from '../characters.ts';
import { analyzerVersion } from './analyzer-version.ts';
import { headingsOf } from './headings.ts';
import { createLexicon, type Lexicon } from './lexicon.ts';
import { type Outline, outlineOf } from './outline.ts';
import type { Span } from './text-units.ts';
import { tokensOf } from './tokenize.ts';
import { createWordsVector, type Weight, type WordsVector } from './words-vector.ts';

export { maxPosition } from './words-vector.ts';

/** What of an article is found by its words. */
export interface AnalyzableText {
  readonly title: string;
  readonly tags: readonly string[];
  readonly category: string;
  readonly body: string;
  /** The language that the author has set, as an ISO 639-1 code; null where it is to be detected. */
  readonly language: string | null;
}

/** The words of an article. */
export interface AnalyzedText {
  readonly version: number;
  /** That of the author, or the detected one; null where none could be told. */
  readonly language: string | null;
  /** The text of a tsvector: A is the title, B tags and category, C headings, D the rest of the body. */
  readonly vector: string;
  /** The number of words. */
  readonly length: number;
  /** The position of the body's first word. */
  readonly bodyFrom: number;
  /** Of every 64th word of the body, from its first: where it starts, in characters (not UTF-16 units) of the body. */
  readonly offsets: readonly number[];
  /** The headings and tables of the body. */
  readonly outline: Outline;
}

/** The number of words between two offsets. */
export const wordsPerOffset = 64;

/**
 * Analyzes an article's words in its language; null is none. A file without the detector of languages, which a thread cannot load
 * from TypeScript: it is a package for `import` alone, and there the loader has `require` only.
 */
export function analyzeInLanguage({ title, tags, category, body, language }: AnalyzableText): AnalyzedText {
  const lexicon = createLexicon([language]);
  const vector = createWordsVector();
  let length = 0;
  let next = 1;
  for (const [index, text] of [title, ...tags, category].entries()) {
    const count = addWords(vector, text, next, index === 0 ? 'A' : 'B', lexicon);
    length += count;
    // A position between them stays free, so that no phrase goes from one to the other.
    next += count + 1;
  }
  const bodyFrom = next;
  const { count, offsets } = addBody(vector, body, bodyFrom, lexicon);
  return {
    version: analyzerVersion,
    language,
    vector: vector.text(),
    length: length + count,
    bodyFrom,
    offsets,
    outline: outlineOf(body),
  };
}

function addWords(vector: WordsVector, text: string, from: number, weight: Weight, lexicon: Lexicon): number {
  let count = 0;
  for (const { position, lexemes } of tokensOf(text, lexicon)) {
    for (const lexeme of lexemes) vector.add(lexeme, from + position - 1, weight);
    count = position;
  }
  return count;
}

function addBody(vector: WordsVector, body: string, from: number, lexicon: Lexicon) {
  const headings = headingsOf(body)[Symbol.iterator]();
  let heading: Span | undefined = headings.next().value;
  const toCharacters = createCharacterCount(body);
  const offsets: number[] = [];
  let count = 0;
  for (const { start, position, lexemes } of tokensOf(body, lexicon)) {
    while (heading !== undefined && start >= heading.end) heading = headings.next().value;
    const weight = heading !== undefined && start >= heading.start ? 'C' : 'D';
    for (const lexeme of lexemes) vector.add(lexeme, from + position - 1, weight);
    if (position > count && (position - 1) % wordsPerOffset === 0) offsets.push(toCharacters(start));
    count = position;
  }
  return { count, offsets };
}
