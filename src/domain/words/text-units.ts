import {
  attached,
  blankless,
  type CharacterKind,
  capital,
  digit,
  hangul,
  joiner,
  kindOf,
  letter,
} from './character-kinds.ts';

/** A stretch of a text, in UTF-16 units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * What a text is made of: a word, or several that signs join to a name (`runs`), or a run of a script without blanks, or a run of
 * Korean syllables.
 */
export interface TextUnit extends Span {
  readonly kind: 'name' | 'blankless' | 'hangul';
  readonly runs: readonly Span[];
}

const mostRuns = 32;
const mostJoiners = 3;

/** Cuts a text into its units, in their order. Each character is read a few times at most, however the text is built. */
export function* textUnits(text: string): Generator<TextUnit> {
  let at = 0;
  while (at < text.length) {
    const code = text.codePointAt(at) ?? 0;
    const kind = kindOf(code);
    if (kind === blankless || kind === hangul) {
      const end = runEnd(text, at, kind === blankless ? isBlankless : isHangul);
      const run = { start: at, end };
      yield { ...run, kind: kind === blankless ? 'blankless' : 'hangul', runs: [run] };
      at = end;
    } else if (isAlphabetic(kind)) {
      const unit = nameAt(text, at);
      yield unit;
      at = unit.end;
    } else at += code < 0x10000 ? 1 : 2;
  }
}

function nameAt(text: string, start: number): TextUnit {
  const runs = [{ start, end: runEnd(text, start, isAlphabetic) }];
  let end = runs[0]?.end ?? start;
  while (runs.length < mostRuns) {
    const next = behindJoiners(text, end);
    if (next === undefined) break;
    end = runEnd(text, next, isAlphabetic);
    runs.push({ start: next, end });
  }
  return { kind: 'name', start, end, runs };
}

/** Where the next word of a name begins; undefined where the name ends. A comma joins figures only. */
function behindJoiners(text: string, from: number): number | undefined {
  if (text[from] === ',') return isFigure(text, from - 1) && isFigure(text, from + 1) ? from + 1 : undefined;
  let at = from;
  while (at - from < mostJoiners && at < text.length && kindOf(text.charCodeAt(at)) === joiner) at += 1;
  if (at === from) return undefined;
  return isAlphabetic(kindOf(text.codePointAt(at) ?? 0)) ? at : undefined;
}

function runEnd(text: string, start: number, isPart: (kind: CharacterKind) => boolean): number {
  let at = start;
  while (at < text.length) {
    const code = text.codePointAt(at) ?? 0;
    const kind = kindOf(code);
    if (!isPart(kind) && kind !== attached) break;
    at += code < 0x10000 ? 1 : 2;
  }
  return at;
}

/** Whether a character is of a script with blanks between its words. */
export function isAlphabetic(kind: CharacterKind): boolean {
  return kind === letter || kind === capital || kind === digit;
}

function isBlankless(kind: CharacterKind): boolean {
  return kind === blankless;
}

function isHangul(kind: CharacterKind): boolean {
  return kind === hangul;
}

function isFigure(text: string, at: number): boolean {
  return kindOf(text.charCodeAt(at)) === digit;
}
