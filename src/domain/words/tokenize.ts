import { stemmer } from '@orama/stemmers/english';

/** A word of a text, or a part of a joined name. */
export interface Token {
  /** Where it lies in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Its position among the words, from 1. A joined name has the position of its first part. */
  readonly position: number;
  /** All lexemes by which it is found, the exact one first. */
  readonly lexemes: readonly string[];
}

/** Cuts a text into tokens, in their order. `language` is an ISO 639-1 code, null where it is not known. */
export function tokenize(text: string, language: string | null): Token[] {
  return [...text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)].map(({ 0: word, index }, at) => {
    const exact = word.toLowerCase();
    const lexemes = language === 'en' ? [exact, stemmer(exact)] : [exact];
    return { start: index, end: index + word.length, position: at + 1, lexemes: [...new Set(lexemes)] };
  });
}
