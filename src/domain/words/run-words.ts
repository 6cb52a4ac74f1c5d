import { attached, kindOf } from './character-kinds.ts';
import { koreanStem } from './korean-stem.ts';
import { foldedPair, type Lexicon } from './lexicon.ts';
import type { Span, TextUnit } from './text-units.ts';
import { bounded, derive } from './word-forms.ts';

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
// The time for a segment grows with the text around it.
const segmentedAtOnce = 64;
// No script has a letter of more signs.
const longestLetter = 16;

/** A letter of a run with its marks. */
export interface Letter extends Span {
  readonly form: string;
}

/** A word of a run, by its first and last letter. */
export interface RunWord {
  readonly first: number;
  readonly last: number;
  readonly lexemes: readonly string[];
}

/** The letters of a run, each with the marks that belong to it. */
export function lettersOf(text: string, { start, end }: Span, lexicon: Lexicon): Letter[] {
  const letters: Letter[] = [];
  let from = start;
  for (let at = start; at < end; ) {
    const code = text.codePointAt(at) ?? 0;
    at += code < 0x10000 ? 1 : 2;
    const next = at < end ? (text.codePointAt(at) ?? 0) : 0;
    if (at < end && at - from < longestLetter && (kindOf(next) === attached || isMedialOrFinal(next)))
      continue;
    const form = lexicon.letter(text.slice(from, at));
    if (form !== '') letters.push({ start: from, end: at, form });
    from = at;
  }
  return letters;
}

/** Whether a letter of a decomposed Korean syllable is not its first. */
function isMedialOrFinal(code: number): boolean {
  return code >= 0x1160 && code <= 0x11ff;
}

/** The words of a run: all of it where Korean syllables stand together, those that a dictionary knows elsewhere. */
export function wordsOfRun(kind: TextUnit['kind'], letters: readonly Letter[], lexicon: Lexicon): RunWord[] {
  if (letters.length === 0) return [];
  return kind === 'hangul' ? [koreanWord(letters)] : dictionaryWords(letters, lexicon);
}

function koreanWord(letters: readonly Letter[]): RunWord {
  const word = bounded(letters.map(({ form }) => form).join(''));
  const stem = koreanStem(word);
  const lexemes = stem === null ? [word] : [word, derive(stem)];
  return { first: 0, last: letters.length - 1, lexemes };
}

function dictionaryWords(letters: readonly Letter[], lexicon: Lexicon): RunWord[] {
  const words: RunWord[] = [];
  for (let from = 0; from < letters.length; from += segmentedAtOnce) {
    const some = letters.slice(from, from + segmentedAtOnce);
    if (!lexicon.mayLookUp(some.length)) break;
    let index = from;
    let behind = 0;
    for (const { segment, index: offset } of segmenter.segment(some.map(({ form }) => form).join(''))) {
      const first = index;
      const end = offset + segment.length;
      while (index < from + some.length && behind < end) {
        behind += letters[index]?.form.length ?? 0;
        index += 1;
      }
      if (index === first) continue;
      // Some letters with many marks are longer than a lexeme may be.
      const word = bounded(segment);
      const folded = foldedWord(word);
      const lexemes = folded === word ? [word] : [word, derive(folded)];
      words.push({ first, last: index - 1, lexemes });
    }
  }
  return words;
}

/** A word in one set of kana, without the sign of a long vowel at its end, which is often left out. */
function foldedWord(word: string): string {
  const folded = foldedPair(word);
  return folded.length > 3 && folded.endsWith('ー') ? folded.slice(0, -1) : folded;
}
