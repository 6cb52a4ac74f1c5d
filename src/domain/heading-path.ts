/** The most characters of a heading that are read. */
export const maxHeadingCharacters = 300;
/** The most characters of headings that are shown. */
const maxLength = 200;

/** A heading's words: its first line, without the marks at both ends. */
export function headingWords(heading: string): string {
  const [line = ''] = heading.split('\n', 1);
  return line
    .trim()
    .replace(/^#{1,6}(?=[ \t]|$)/, '')
    .replace(/(?:^|[ \t])#+$/, '')
    .trim();
}

/**
 * The headings of a passage, from the highest, such as `Storage > Backups`: those above it, and those that it begins with. Empty
 * where there are none. No line below the first text is read.
 */
export function headingPath(above: string, passage: string): string {
  const own: { readonly level: number; readonly words: string }[] = [];
  for (let start = 0; start < passage.length; ) {
    const lineEnd = passage.indexOf('\n', start);
    const end = lineEnd === -1 ? passage.length : lineEnd;
    const line = passage.slice(start, Math.min(end, start + maxHeadingCharacters));
    start = end + 1;
    if (line.trim() === '') continue;
    const level = /^ {0,3}(#{1,6})(?:[ \t]|$)/.exec(line)?.[1]?.length;
    if (level === undefined) break;
    while ((own.at(-1)?.level ?? 0) >= level) own.pop();
    own.push({ level, words: headingWords(line) });
  }
  const words = [above, ...own.map((heading) => heading.words)].filter((each) => each !== '');
  return shortened(words.join(' > '));
}

/** What a passage is called: its headings, or the title of its article where it has none. */
export function headingOrTitle(heading: string, title: string): string {
  return heading === '' ? shortened(title.replace(/\s+/g, ' ').trim()) : heading;
}

function shortened(words: string): string {
  return words.length <= maxLength ? words : `${words.slice(0, maxLength - 1).trimEnd()}…`;
}
