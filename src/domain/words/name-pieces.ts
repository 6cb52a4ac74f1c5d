import { attached, type CharacterKind, capital, digit, kindOf, letter } from './character-kinds.ts';
import type { Span } from './text-units.ts';

// A hash or a key in base 64 changes from letters to figures all the time: its pieces mean nothing.
const mostPieces = 8;
const longestRun = 100;

/**
 * The pieces of a run of letters and digits: `get`, `User`, `By`, `Id`; `parse`, `HTML`, `Response`; `gpt`, `4`, `o`. A plural of an
 * acronym (`APIs`) and one with a version (`IPv6`) are not cut within.
 */
export function piecesOf(text: string, { start, end }: Span): Span[] {
  if (end - start > longestRun) return [{ start, end }];
  const pieces: Span[] = [];
  let from = start;
  let before: CharacterKind = letter;
  let kind: CharacterKind = letter;
  // Where the last character of a kind of its own begins.
  let last = start;
  for (let at = start; at < end; ) {
    const code = text.codePointAt(at) ?? 0;
    const next = kindOf(code);
    if (next !== attached) {
      if (at > start) {
        let cut = at;
        if (kind === capital && before === capital && next === letter) {
          cut = isAcronymEnd(text, at, end) ? from : last;
        } else if (!isBorder(kind, next)) cut = from;
        if (cut > from) {
          pieces.push({ start: from, end: cut });
          from = cut;
        }
      }
      before = at > start ? kind : letter;
      kind = next;
      last = at;
    }
    at += code < 0x10000 ? 1 : 2;
  }
  pieces.push({ start: from, end });
  return pieces.length > mostPieces ? [{ start, end }] : pieces;
}

function isBorder(kind: CharacterKind, next: CharacterKind): boolean {
  return (kind === digit) !== (next === digit) || (kind === letter && next === capital);
}

/** Whether the one small letter after capitals belongs to them: `APIs`, `IPv6`. */
function isAcronymEnd(text: string, at: number, end: number): boolean {
  if (at + 1 >= end) return text[at] === 's';
  return kindOf(text.charCodeAt(at + 1)) === digit;
}
