import type { Lexicon } from './lexicon.ts';
import { nameTokens } from './name-tokens.ts';
import { type Letter, lettersOf, type RunWord, wordsOfRun } from './run-words.ts';
import { type Span, type TextUnit, textUnits } from './text-units.ts';

/** A place of a phrase: its position, and the lexemes that may stand there, the exact one first. */
export interface Step {
  readonly position: number;
  readonly lexemes: readonly string[];
  /** Whether it is one letter of a script without blanks: in texts the next one stands with it. */
  readonly isLetter: boolean;
}

/** A word or a name that is sought. */
export interface Sought extends Span {
  readonly kind: 'word' | 'name';
  /** The lexemes of a whole name or of a word of a dictionary. */
  readonly whole: readonly string[];
  /** The parts of a name, the pairs of letters of a word, or the word itself. */
  readonly steps: readonly Step[];
}

/**
 * What a text seeks, in its order. Positions go on from one to the next. A run of letters without blanks is cut into its words, or
 * is one. `isCommon` tells of a word whether it says little.
 */
export function soughtIn(
  text: string,
  lexicon: Lexicon,
  runs: 'whole' | { readonly isCommon: (word: string) => boolean },
): Sought[] {
  const all: Sought[] = [];
  let position = 1;
  for (const unit of textUnits(text)) {
    if (unit.kind === 'name') {
      const sought = soughtName(text, unit, position, lexicon);
      all.push(...sought);
      position = (sought[0]?.steps.at(-1)?.position ?? position - 1) + 1;
      continue;
    }
    const letters = lettersOf(text, unit, lexicon);
    const words =
      runs === 'whole' ? wholeRun(letters) : groupedWords(unit.kind, letters, runs.isCommon, lexicon);
    for (const word of words) all.push(soughtInRun(letters, word, position, lexicon));
    position += letters.length;
  }
  return all;
}

function soughtName(text: string, unit: TextUnit, position: number, lexicon: Lexicon): Sought[] {
  const tokens = nameTokens(text, unit, position, lexicon);
  const first = tokens[0];
  if (first === undefined) return [];
  const end = Math.max(...tokens.map((token) => token.end));
  const whole = tokens.filter(({ kind }) => kind === 'name').flatMap(({ lexemes }) => lexemes);
  const steps = tokens
    .filter(({ kind }) => kind === 'word' || kind === 'part')
    .map(({ position: at, lexemes }) => ({ position: at, lexemes, isLetter: false }));
  const isWord = whole.length === 0 && steps.length === 1 && /^[\p{L}\p{M}']+$/u.test(first.lexemes[0] ?? '');
  return [{ start: first.start, end, kind: isWord ? 'word' : 'name', whole, steps }];
}

function soughtInRun(
  letters: readonly Letter[],
  { first, last, lexemes }: RunWord,
  position: number,
  lexicon: Lexicon,
): Sought {
  const span = { start: letters[first]?.start ?? 0, end: letters[last]?.end ?? 0 };
  if (first < last) {
    return { ...span, kind: 'word', whole: lexemes, steps: pairs(letters, first, last, position, lexicon) };
  }
  if (letters.length === 1) {
    const form = letters[0]?.form ?? '';
    const step = { position, lexemes: [form, ...lexicon.pair(form)], isLetter: true };
    return { ...span, kind: 'word', whole: [], steps: [step] };
  }
  // A letter is in too many words by itself, so that it is sought with its neighbour.
  const from = Math.max(first - 1, 0);
  return { ...span, kind: 'word', whole: [], steps: pairs(letters, from, from + 1, position, lexicon) };
}

function pairs(
  letters: readonly Letter[],
  first: number,
  last: number,
  position: number,
  lexicon: Lexicon,
): Step[] {
  return letters.slice(first, last).map(({ form }, index) => {
    const pair = form + (letters[first + index + 1]?.form ?? '');
    return {
      position: position + first + index,
      lexemes: [pair, ...lexicon.pair(pair)],
      isLetter: false,
    };
  });
}

function wholeRun(letters: readonly Letter[]): RunWord[] {
  return letters.length === 0 ? [] : [{ first: 0, last: letters.length - 1, lexemes: [] }];
}

/** The words of a run, where letters between them that no dictionary joins are read in twos and threes. */
function groupedWords(
  kind: TextUnit['kind'],
  letters: readonly Letter[],
  isCommon: (word: string) => boolean,
  lexicon: Lexicon,
): RunWord[] {
  const words: RunWord[] = [];
  const loose: RunWord[] = [];
  const close = () => {
    while (loose.length > 0) {
      const some = loose.splice(0, loose.length === 3 ? 3 : 2);
      const first = some[0]?.first ?? 0;
      const last = some.at(-1)?.last ?? first;
      const lexeme = letters
        .slice(first, last + 1)
        .map(({ form }) => form)
        .join('');
      words.push({ first, last, lexemes: [lexeme] });
    }
  };
  for (const word of wordsOfRun(kind, letters, lexicon)) {
    const isLoose = word.first === word.last && !isCommon(word.lexemes[0] ?? '');
    if (isLoose) loose.push(word);
    else {
      close();
      words.push(word);
    }
  }
  close();
  return words;
}
