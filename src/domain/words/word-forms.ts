import { exactForm, foldedForm, spelledOutForm } from './fold.ts';
import { stemOf } from './stems.ts';

/**
 * Stands before a lexeme that is not the word itself: its plain form, its stem, a part of a name. So a search can tell a word as it
 * was typed from one of its forms. It begins no name.
 */
export const derivedMark = '~';

/** Stands behind a lexeme, with a number, where one cannot hold all positions of a word. No text has it in a word. */
export const furtherMark = '\u001F';

// A tsvector takes 2,046 bytes for a lexeme; a character has three bytes at most, or four for two units.
const longestLexeme = 500;

/** A form that is not longer than a lexeme may be. */
export function bounded(form: string): string {
  if (form.length <= longestLexeme) return form;
  // Half a pair at the end would be another character in the database.
  return form.slice(0, longestLexeme).replace(/[\uD800-\uDBFF]$/, '');
}

/** A word as it is typed, and the forms by which other spellings and inflections of it are found. */
export interface WordForms {
  readonly exact: string;
  readonly derived: readonly string[];
}

/** The forms of a word in texts of some languages. */
export function formsOf(word: string, languages: readonly (string | null)[]): WordForms {
  const exact = bounded(exactForm(word));
  const derived = new Set<string>();
  const folded = foldedForm(exact);
  derived.add(folded);
  for (const language of languages) {
    const stem = stemOf(exact, language);
    if (stem !== null) derived.add(foldedForm(stem));
  }
  const spelledOut = spelledOutForm(exact);
  if (spelledOut !== null) derived.add(spelledOut);
  derived.delete(exact);
  derived.delete('');
  return { exact, derived: [...derived].map(bounded) };
}

/** The lexeme of a form of a word. */
export function derive(form: string): string {
  return form.startsWith(derivedMark) ? form : derivedMark + form;
}
