import { exactForm, foldedForm, foldedKana } from './fold.ts';
import { bounded, derive, formsOf } from './word-forms.ts';

// Beyond it, the words of a text are found as pairs of letters alone.
const mostLookedUp = 100_000;

/** Knows the lexemes of what a text is made of, the exact one first. */
export interface Lexicon {
  /** Those of a word with blanks around it. */
  readonly word: (word: string) => readonly string[];
  /** Of two parts of a name, read as one word; none where they have no letter. */
  readonly parts: (parts: string) => readonly string[];
  /** Of a part as the ending of a file: `.pdf`; none where it is no word. */
  readonly ending: (part: string) => readonly string[];
  /** Of two letters of a script without blanks, by the form in which they are found. */
  readonly pair: (pair: string) => readonly string[];
  /** A letter of such a script in its exact form. */
  readonly letter: (letter: string) => string;
  /** Whether some more letters may be looked up in a dictionary: that takes most of the time that such a text takes. */
  readonly mayLookUp: (letters: number) => boolean;
}

/**
 * Creates the lexicon of texts in some languages. It keeps what it has seen, because a text repeats most of its words: create one
 * for each text.
 */
export function createLexicon(languages: readonly (string | null)[]): Lexicon {
  let lookedUp = 0;
  return {
    word: kept((word) => {
      const { exact, derived } = formsOf(word, languages);
      return exact === '' ? [] : [exact, ...derived.map(derive)];
    }),
    parts: kept((parts) => {
      const joined = foldedForm(exactForm(parts));
      return /\p{L}/u.test(joined) ? [derive(bounded(joined))] : [];
    }),
    ending: kept((part) => {
      const ending = foldedForm(exactForm(part));
      return /^\p{L}/u.test(ending) ? [derive(`.${ending}`)] : [];
    }),
    pair: kept((pair) => [derive(foldedPair(pair))]),
    letter: kept(exactForm),
    mayLookUp: (letters) => {
      lookedUp += letters;
      return lookedUp <= mostLookedUp;
    },
  };
}

/** Letters of a script without blanks in the form by which they are found. */
export function foldedPair(pair: string): string {
  return foldedKana(foldedForm(pair));
}

function kept<Value>(find: (key: string) => Value): (key: string) => Value {
  const known = new Map<string, Value>();
  return (key) => {
    const seen = known.get(key);
    if (seen !== undefined) return seen;
    const found = find(key);
    known.set(key, found);
    return found;
  };
}
