import { domainToUnicode } from 'node:url';

/** The scripts of host names, as far as their letters can be taken for those of another one. */
const scripts = {
  latin: /\p{Script=Latin}/u,
  cyrillic: /\p{Script=Cyrillic}/u,
  greek: /\p{Script=Greek}/u,
  armenian: /\p{Script=Armenian}/u,
  hebrew: /\p{Script=Hebrew}/u,
  arabic: /\p{Script=Arabic}/u,
  han: /\p{Script=Han}/u,
  hiragana: /\p{Script=Hiragana}/u,
  katakana: /\p{Script=Katakana}/u,
  hangul: /\p{Script=Hangul}/u,
  bopomofo: /\p{Script=Bopomofo}/u,
} as const;
type Script = keyof typeof scripts | 'other';

const isScript = (name: string): name is keyof typeof scripts => Object.hasOwn(scripts, name);
const names = Object.keys(scripts).filter(isScript);

/** Scripts that are written together, as in the highly restrictive profile of Unicode TS 39. */
const together: readonly (readonly Script[])[] = [
  ['latin', 'han', 'hiragana', 'katakana'],
  ['latin', 'han', 'bopomofo'],
  ['latin', 'han', 'hangul'],
];

/** Whether a part of a host's name has letters of scripts that are not written together, as in `аpi.example` with a Cyrillic а. */
export function mixesScripts(hostname: string): boolean {
  return domainToUnicode(hostname)
    .split('.')
    .some((label) => {
      const used = new Set((label.match(/\p{L}/gu) ?? []).map(scriptOf));
      return (
        used.size > 1 && !together.some((allowed) => [...used].every((script) => allowed.includes(script)))
      );
    });
}

const scriptOf = (letter: string): Script => names.find((name) => scripts[name].test(letter)) ?? 'other';
