import { createLexicon, type Lexicon } from './lexicon.ts';
import { nameTokens } from './name-tokens.ts';
import { runTokens } from './run-tokens.ts';
import { textUnits } from './text-units.ts';

/** A word of a text, a part of a joined name, or the whole name. */
export interface Token {
  /** Where it lies in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Its position among the words, from 1. A joined name has the position of its first part. */
  readonly position: number;
  /** All lexemes by which it is found, the exact one first. One that begins with `~` is a form of the word, not the word itself. */
  readonly lexemes: readonly string[];
  /** `name`: a whole joined name. `part`: one of its parts. `pair`: some parts together, or two letters of a script without blanks. */
  readonly kind: 'word' | 'name' | 'part' | 'pair';
}

/** Cuts a text into tokens, in their order. `language` is an ISO 639-1 code, null where it is not known. Never fails. */
export function tokenize(text: string, language: string | null): Token[] {
  return [...tokensOf(text, createLexicon([language]))];
}

/** The tokens of a text, one after the other, by the lexicon of all texts of an article. */
export function* tokensOf(text: string, lexicon: Lexicon): Generator<Token> {
  let position = 1;
  for (const unit of textUnits(text)) {
    const tokens =
      unit.kind === 'name'
        ? nameTokens(text, unit, position, lexicon)
        : runTokens(text, unit, position, lexicon);
    yield* tokens;
    position = (tokens.at(-1)?.position ?? position - 1) + 1;
  }
}
