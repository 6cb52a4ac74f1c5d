import { foldedPair, lettersOf, wordsOfRun } from './run-words.ts';
import type { TextUnit } from './text-units.ts';
import type { Token } from './tokenize.ts';
import { derivedMark } from './word-forms.ts';

/**
 * The tokens of a run of letters without blanks: each letter has a position, so that any part of the run is a phrase of pairs of
 * letters, and each word that a dictionary knows is found as such.
 */
export function runTokens(text: string, unit: TextUnit, position: number): Token[] {
  const letters = lettersOf(text, unit);
  const words = wordsOfRun(unit.kind, letters);
  const tokens: Token[] = [];
  let next = 0;
  for (const [index, { start, end, form }] of letters.entries()) {
    const at = position + index;
    let exact: string | undefined;
    const word = words[next];
    if (word?.first === index) {
      const last = letters[word.last];
      const lexemes = word.lexemes;
      exact = lexemes[0];
      tokens.push({ start, end: last?.end ?? end, position: at, lexemes, kind: 'word' });
      next += 1;
    }
    const following = letters[index + 1];
    const pair = form + (following?.form ?? '');
    // The dictionary's word has it already.
    if (pair === exact && foldedPair(pair) === pair) continue;
    tokens.push({
      start,
      end: following?.end ?? end,
      position: at,
      lexemes: [derivedMark + foldedPair(pair)],
      kind: 'pair',
    });
  }
  return tokens;
}
