import { exactForm, foldedForm } from './fold.ts';
import type { Lexicon } from './lexicon.ts';
import { piecesOf } from './name-pieces.ts';
import { isOptionAt, signBefore, signsBehind } from './name-signs.ts';
import type { Span, TextUnit } from './text-units.ts';
import type { Token } from './tokenize.ts';
import { bounded, derive } from './word-forms.ts';

// A query has 500 characters, so that a longer name is never asked for as a whole.
const longestName = 500;
// That of a file: `.html`, `.json5`.
const longestEnding = 5;
// What follows an apostrophe and is no word of its own: `user's`, `don't`, `we'll`.
const endings = /^(.+)'(s|t|d|m|ll|re|ve)$/;

/** The tokens of a word or a joined name, the first at a position. */
export function nameTokens(text: string, unit: TextUnit, position: number, lexicon: Lexicon): Token[] {
  const tokens = nameOrWord(text, unit, position, lexicon);
  if (tokens.length === 0 || !isOptionAt(text, unit.start)) return tokens;
  const { start, end, runs } = unit;
  const options = [text.slice(start, Math.min(end, start + longestName)), text.slice(start, runs[0]?.end)];
  const lexemes = [...new Set(options.map(optionLexeme))];
  return tokens.toSpliced(1, 0, { start: start - 1, end, position, lexemes, kind: 'pair' });
}

/** The lexeme of an option of a command: `-force`. Words have it beside their own where they stand behind a dash. */
export function optionLexeme(option: string): string {
  return bounded(`-${exactForm(option)}`);
}

function nameOrWord(text: string, unit: TextUnit, position: number, lexicon: Lexicon): Token[] {
  const first = unit.runs[0];
  if (first === undefined) return [];
  if (unit.runs.length === 2) {
    const shortened = shortenedWord(text, unit, position, lexicon);
    if (shortened !== null) return [shortened];
  }
  const pieces =
    unit.runs.length === 1 ? piecesOf(text, first) : unit.runs.flatMap((run) => piecesOf(text, run));
  const before = signBefore(text, unit.start);
  const last = pieces.at(-1) ?? first;
  const behind = signsBehind(text, last);
  const tokens: Token[] = [];
  if (pieces.length === 1) {
    const word = text.slice(unit.start, unit.end);
    if (behind !== '') return [signedToken(text, unit, behind, position)];
    const lexemes = lexicon.word(word);
    if (lexemes.length === 0) return [];
    if (before !== '') {
      const whole = bounded(before + exactForm(word));
      tokens.push({ start: unit.start - 1, end: unit.end, position, lexemes: [whole], kind: 'name' });
    }
    tokens.push({ start: unit.start, end: unit.end, position, lexemes, kind: 'word' });
    return tokens;
  }
  const start = unit.start - before.length;
  const end = unit.end + behind.length;
  if (end - start <= longestName) {
    tokens.push({ start, end, position, lexemes: wholeLexemes(text, unit, before, behind), kind: 'name' });
  }
  const runs = new Map(unit.runs.map((run) => [run.start, run]));
  for (const index of pieces.keys()) {
    const at = position + index;
    tokens.push(...partTokens(text, pieces, index, at, lexicon));
    const run = runs.get(pieces[index]?.start ?? -1);
    const isLong = run !== undefined && unit.runs.length > 1 && run.end !== pieces[index]?.end;
    if (isLong)
      tokens.push({
        ...run,
        position: at,
        lexemes: lexicon.word(text.slice(run.start, run.end)),
        kind: 'pair',
      });
  }
  return tokens;
}

function partTokens(
  text: string,
  pieces: readonly Span[],
  index: number,
  position: number,
  lexicon: Lexicon,
): Token[] {
  const piece = pieces[index];
  if (piece === undefined) return [];
  const signs = signsBehind(text, piece);
  if (signs !== '') return [signedToken(text, piece, signs, position)];
  const lexemes = lexicon.word(text.slice(piece.start, piece.end));
  const next = pieces[index + 1];
  // A piece that no sign parts from its neighbours is no word by itself, so that it counts less than one.
  const isPart = piece.end === next?.start || piece.start === pieces[index - 1]?.end;
  const own = isPart ? [...new Set(lexemes.map(derive))] : lexemes;
  const { start, end } = piece;
  const tokens: Token[] = [{ start, end, position, lexemes: own, kind: 'part' }];
  if (text[start - 1] === '.' && end - start <= longestEnding) {
    const ending = lexicon.ending(text.slice(start, end));
    if (ending.length > 0) tokens.push({ start: start - 1, end, position, lexemes: ending, kind: 'pair' });
  }
  if (next === undefined || pieces.length < 3) return tokens;
  const pair = lexicon.parts(text.slice(start, end) + text.slice(next.start, next.end));
  if (pair.length > 0) tokens.push({ start, end: next.end, position, lexemes: pair, kind: 'pair' });
  const third = pieces[index + 2];
  // `OAuth2` in `OAuth2Client`.
  if (end === next.start && next.end === third?.start) {
    tokens.push({
      start,
      end: third.end,
      position,
      lexemes: lexicon.parts(text.slice(start, third.end)),
      kind: 'pair',
    });
  }
  return tokens;
}

/** A word with an ending behind an apostrophe, as one token; null for every other name. */
function shortenedWord(text: string, unit: TextUnit, position: number, lexicon: Lexicon): Token | null {
  const whole = exactForm(text.slice(unit.start, unit.end));
  const [, word, ending] = endings.exec(whole) ?? [];
  if (word === undefined || whole.length > longestName) return null;
  const joined = derive(whole.replace("'", ''));
  const base = ending === 't' ? [] : lexicon.word(word);
  const lexemes = [...new Set([whole, ...base, joined, derive(foldedForm(whole))])];
  return { start: unit.start, end: unit.end, position, lexemes, kind: 'word' };
}

function signedToken(text: string, { start, end }: Span, signs: string, position: number): Token {
  const name = exactForm(text.slice(start, end));
  // A longer name differs enough from others without its signs.
  const lexemes = name.length > 2 ? [name + signs, derive(name)] : [name + signs];
  return { start, end: end + signs.length, position, lexemes, kind: 'word' };
}

/** A whole name: as it is typed, without accents, without its signs, and without the letter of a version. */
function wholeLexemes(text: string, { start, end }: Span, before: string, behind: string): string[] {
  const name = exactForm(text.slice(start, end));
  const whole = before + name + behind;
  const folded = foldedForm(name);
  const others = new Set([before + folded + behind]);
  if (before === '/') others.add(folded);
  const isVersion = /^v\d+([._-]\d+)*$/.test(folded);
  if (/\p{L}/u.test(folded) && !isVersion) others.add(folded.replace(/[^\p{L}\p{M}\p{N}]+/gu, ''));
  if (isVersion) others.add(folded.slice(1));
  if (/^\d{1,3}(,\d{3})+$/.test(folded)) others.add(folded.replaceAll(',', ''));
  // A date, or the number of a book or a telephone.
  if (/^\d+(-\d+)+$/.test(folded)) others.add(folded.replaceAll('-', ''));
  others.delete(whole);
  // A name whose folded form begins with the mark of derived ones is one with its form without signs.
  return [...new Set([whole, ...Array.from(others, derive)].map(bounded))];
}
