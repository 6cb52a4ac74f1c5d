import { headingWords as wordsOf } from '../../domain/heading-path.ts';
import type { Place } from '../../domain/words/outline.ts';

/** The most characters of a heading path that are shown. */
const maxPath = 200;

/** The headings above a place, from the highest: those of a deeper or equal level end where the next one begins. */
export function headingsAbove(headings: readonly Place[], at: number): Place[] {
  const open: Place[] = [];
  for (const heading of headings) {
    if (heading[0] > at) break;
    while ((open.at(-1)?.[1] ?? -1) >= heading[1]) open.pop();
    open.push(heading);
  }
  // Level 0 says that the headings from there on are not known.
  return open[0]?.[1] === 0 ? [] : open;
}

/** The words of a heading, from what stands at the start of its line. */
export function headingWords(text: string): string {
  return wordsOf(text.trimStart()).replace(/\s+/g, ' ');
}

/** The path of headings as it is shown, such as `Storage > Backups`; null without a heading. */
export function headingPathOf(words: readonly string[]): string | null {
  const path = words.filter((heading) => heading !== '').join(' > ');
  if (path === '') return null;
  const characters = Array.from(path);
  return characters.length <= maxPath
    ? path
    : `${characters
        .slice(0, maxPath - 1)
        .join('')
        .trimEnd()}…`;
}
