import { digit, joiner, kindOf, separator } from './character-kinds.ts';
import { isAlphabetic, type Span } from './text-units.ts';

/** A sign that belongs to a name and stands before it: that of `.net` and of `/etc/hosts`. */
export function signBefore(text: string, start: number): '' | '.' | '/' {
  const sign = text[start - 1];
  if (sign !== '.' && sign !== '/') return '';
  const before = text[start - 2] ?? ' ';
  const isFree = kindOf(before.charCodeAt(0)) === separator;
  if (sign === '.') return isFree || before === '/' ? '.' : '';
  return isFree && before !== '<' ? '/' : '';
}

/** Whether a word stands behind a dash as an option does: `tool -force`. A dash at the beginning of a line is that of a list. */
export function isOptionAt(text: string, start: number): boolean {
  return text[start - 1] === '-' && /[^\s] $|`$/.test(text.slice(Math.max(0, start - 3), start - 1));
}

/** The signs that belong to a short name and stand behind it: those of `C++`, `F#`, `B+`, `A*`. */
export function signsBehind(text: string, { start, end }: Span): '' | '++' | '#' | '+' | '*' {
  const sign = text[end];
  if (sign !== '+' && sign !== '#' && sign !== '*') return '';
  const name = text.slice(start, end);
  if (sign === '+' && text[end + 1] === '+') {
    if (/^c$/i.test(name) && /^\d\d/.test(text.slice(end + 2, end + 4))) return '++';
    return /^[a-z]{1,10}$/i.test(name) && !goesOn(text, end + 2) ? '++' : '';
  }
  if (goesOn(text, end + 1)) return '';
  if (sign === '#') return /^[a-z]{1,2}$/i.test(name) ? '#' : '';
  return /^[A-Z]$/i.test(name) && text[start - 1] !== '*' ? sign : '';
}

/** Whether more of a name or of the same signs follows. */
function goesOn(text: string, at: number): boolean {
  const next = text[at];
  if (next === undefined) return false;
  if (next === '*' || next === '+' || next === '=') return true;
  const kind = kindOf(text.charCodeAt(at));
  return kind === digit || isAlphabetic(kind) || (kind === joiner && (next === '#' || next === '_'));
}
