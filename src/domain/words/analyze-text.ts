import { analyzerVersion } from './analyzer-version.ts';
import { type Outline, outlineOf } from './outline.ts';
import { tokenize } from './tokenize.ts';

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

/** A tsvector counts positions up to here; those of longer texts begin again at 1. */
export const maxPosition = 16_383;

/** Analyzes an article's words. Pure: the same text gives the same words. Never fails. */
export function analyzeText({ title, tags, category, body, language }: AnalyzableText): AnalyzedText {
  const known = language ?? 'en';
  const positions = new Map<string, string[]>();
  let last = 0;
  const add = (text: string, weight: string) => {
    const tokens = tokenize(text, known);
    for (const { position, lexemes } of tokens) {
      const at = `${((last + position - 1) % maxPosition) + 1}${weight}`;
      for (const lexeme of lexemes) positions.set(lexeme, [...(positions.get(lexeme) ?? []), at]);
    }
    last += tokens.at(-1)?.position ?? 0;
    return tokens;
  };
  add(title, 'A');
  add([...tags, category].join('\n'), 'B');
  const bodyFrom = last + 1;
  const words = add(body, 'D');
  const vector = [...positions].map(([lexeme, at]) => `'${lexeme}':${at.slice(0, 255).join(',')}`).join(' ');
  const offsets = words
    .filter((_, index) => index % wordsPerOffset === 0)
    .map(({ start }) => Array.from(body.slice(0, start)).length);
  return {
    ...{ version: analyzerVersion, language: known, vector, length: last, bodyFrom, offsets },
    outline: outlineOf(body),
  };
}
