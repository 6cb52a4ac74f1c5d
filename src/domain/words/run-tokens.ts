import type { Lexicon } from './lexicon.ts';
import { lettersOf, wordsOfRun } from './run-words.ts';
import type { TextUnit } from './text-units.ts';
import type { Token } from './tokenize.ts';
import { derive } from './word-forms.ts';

/**
 * The tokens of a run of letters without blanks: each letter has a position, so that any part of the run is a phrase of pairs of
 * letters, and each word that a dictionary knows is found as such.
 */
export function runTokens(text: string, unit: TextUnit, position: number, lexicon: Lexicon): Token[] {
  const letters = lettersOf(text, unit, lexicon);
  const words = wordsOfRun(unit.kind, letters, lexicon);
  const tokens: Token[] = [];
  let next = 0;
  for (const [index, { start, end, form }] of letters.entries()) {
    const at = position + index;
    let exact: string | undefined;
    const word = words[next];
    if (word?.first === index) {
      const last = letters[word.last];
      exact = word.lexemes[0];
      tokens.push({ start, end: last?.end ?? end, position: at, lexemes: word.lexemes, kind: 'word' });
      next += 1;
    }
    const following = letters[index + 1];
    const lexemes = lexicon.pair(form + (following?.form ?? ''));
    // The word has it already.
    if (exact !== undefined && lexemes[0] === derive(exact)) continue;
    tokens.push({ start, end: following?.end ?? end, position: at, lexemes, kind: 'pair' });
  }
  return tokens;
}
