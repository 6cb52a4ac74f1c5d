import { visitBlockStarts } from '../../../domain/chunking/block-starts.ts';

/** What may be cut at an offset: the higher, the better a place it is. */
export const cutRanks = { codeLine: 1, inner: 2, block: 3, heading: 4 } as const;

/** A place where a block of Markdown begins. */
export interface BlockCut {
  readonly at: number;
  readonly rank: number;
}

/** A heading and what stands below it, up to the next heading of any level. */
export interface Section {
  readonly start: number;
  readonly end: number;
  /** 0 for what stands before the first heading. */
  readonly level: number;
  /** The headings above it and its own. */
  readonly path: readonly string[];
}

/** A Markdown text in order: its sections, which cover it, and the starts of all of its blocks. */
export interface Outline {
  readonly sections: readonly Section[];
  readonly cuts: readonly BlockCut[];
}

/** The most characters of a heading in a path. */
const maxHeadingLength = 200;
/** Marks at both ends of a heading, which are few; a longer run is a part of its words. */
const openingMarks = /^ {0,3}#{1,6}[ \t]*/;
const closingMarks = /[ \t]{1,20}#{1,20}$/;

/** Reads the sections and the block starts of a Markdown text. The time is linear in its length. */
export function outlineOf(markdown: string): Outline {
  const cuts: BlockCut[] = [];
  const headings: { readonly start: number; readonly level: number }[] = [];
  visitBlockStarts(markdown, 0, (at, block) => {
    if (block.kind === 'delimiter') return;
    // An underlined heading is visited twice: the first time as a paragraph.
    if (cuts.at(-1)?.at === at) cuts.pop();
    cuts.push({ at, rank: cutRanks[block.kind] });
    if (block.kind === 'heading') headings.push({ start: at, level: block.level });
  });

  const sections: Section[] = [];
  const open: { readonly level: number; readonly words: string }[] = [];
  const first = headings[0]?.start ?? markdown.length;
  if (first > 0) sections.push({ start: 0, end: first, level: 0, path: [] });
  for (const [index, { start, level }] of headings.entries()) {
    while ((open.at(-1)?.level ?? 0) >= level) open.pop();
    open.push({ level, words: headingWords(markdown, start) });
    const end = headings[index + 1]?.start ?? markdown.length;
    sections.push({ start, end, level, path: open.map(({ words }) => words) });
  }
  return { sections, cuts };
}

/** The words of a heading, whose first line begins at `start`. */
function headingWords(markdown: string, start: number): string {
  const lineEnd = markdown.indexOf('\n', start);
  const end = Math.min(lineEnd === -1 ? markdown.length : lineEnd, start + 2 * maxHeadingLength);
  const words = markdown.slice(start, end).replace(openingMarks, '').trim().replace(closingMarks, '').trim();
  return words.length <= maxHeadingLength ? words : `${words.slice(0, maxHeadingLength - 1).trimEnd()}…`;
}
