import { atomEnd, atomKind, kindAt } from './chunking/atoms.ts';
import { letterTokens } from './chunking/letter-tokens.ts';

/** The smallest piece of text, which is never cut. `tokens` is an upper estimate of its tokens, `start` its offset. */
export type Atom = { readonly text: string; readonly start: number; readonly tokens: number };

/** Estimates are whole hundredths, so that a sum does not depend on where it begins. */
const hundredth = 100;

const vowel = 1;
const rare = 2;
const letters = new Uint8Array(0x80);
for (const letter of 'aeiouy') letters[letter.charCodeAt(0)] = vowel;
for (const letter of 'jqxz') letters[letter.charCodeAt(0)] = rare;

/** Cuts a text into atoms, in order and without a gap. The time is linear in the length of any text. */
export function* atoms(text: string): Generator<Atom> {
  for (let start = 0; start < text.length; ) {
    const end = atomEnd(text, start);
    yield { text: text.slice(start, end), start, tokens: centitokens(text, start, end) / hundredth };
    start = end;
  }
}

/**
 * An upper estimate of a text's tokens, for any embedding model. Measured for prose, code, encoded data, symbols and random
 * letters of every script, it is above the counts of OpenAI's cl100k and the XLM-R vocabulary, but for a blank that takes the first
 * byte of a letter that is one token by itself, which prose makes up for. A real tokenizer has megabytes for each model, and a
 * tenant may name any model. The estimate of a text is the sum of the estimates of its atoms.
 */
export function estimateTokens(text: string): number {
  let sum = 0;
  for (let start = 0; start < text.length; ) {
    const end = atomEnd(text, start);
    sum += centitokens(text, start, end);
    start = end;
  }
  return sum / hundredth;
}

/** The longest start of a text, in whole atoms and without blank space at its end, that has at most so many estimated tokens. */
export function startWithin(text: string, maxTokens: number): string {
  let sum = 0;
  for (let start = 0, end: number; start < text.length; start = end) {
    end = atomEnd(text, start);
    sum += centitokens(text, start, end);
    if (sum > maxTokens * hundredth) return text.slice(0, start).trimEnd();
  }
  return text;
}

/** An upper estimate of the tokens of the atom from `start` to `end`, in hundredths. */
export function centitokens(text: string, start: number, end: number): number {
  const length = end - start;
  switch (kindAt(text, start)) {
    case atomKind.lower:
      return lowercaseTokens(text, start, end);
    case atomKind.upper:
      return 60 + 60 * length;
    case atomKind.digit:
      return 150 + 34 * length;
    case atomKind.blank:
      return blankTokens(text, start, end);
    case atomKind.newline:
      return 100;
    default:
      return characterTokens(text, start, end);
  }
}

/** A blank is part of the word behind it, as long as that word is of ASCII. */
function blankTokens(text: string, start: number, end: number): number {
  const length = end - start;
  if (length > 1) return 55 + 10 * length;
  return kindAt(text, end) === atomKind.letter && end < text.length ? 100 : 5;
}

/** The vocabularies hold the words of languages; unpronounceable and very long strings are split into many tokens. */
function lowercaseTokens(text: string, start: number, end: number): number {
  const length = end - start;
  if (length > 12) return 66 * length;
  let tokens = 90 + 21 * length;
  let consonants = 0;
  for (let at = start; at < end; at += 1) {
    const letter = letters[text.charCodeAt(at)];
    consonants = letter === vowel ? 0 : consonants + 1;
    if (consonants > 2) tokens += 75;
    else if (letter === rare) tokens += 40;
  }
  return tokens;
}

/** A symbol of ASCII or another character, with what continues it. */
function characterTokens(text: string, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; ) {
    const code = text.codePointAt(at) ?? 0;
    sum += code < 0x80 ? 115 : letterTokens(code) * hundredth;
    at += code > 0xffff ? 2 : 1;
  }
  return sum;
}
