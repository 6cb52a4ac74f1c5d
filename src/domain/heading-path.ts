/** A heading of Markdown: its level, and its words without the marks at both ends. */
const headingPattern = /^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$/;
const fencePattern = /^ {0,3}(`{3,}|~{3,})/;
/** The most characters of a heading that are shown. */
const maxLength = 200;

/**
 * The headings above a place in a text, from the highest, such as `Storage > Backups`; those at the beginning of the passage
 * there count as well. The text's first line, its title, where no heading is above it. The time is linear in the text's length.
 */
export function headingPath(text: string, passage: string): string {
  const at = Math.max(0, text.indexOf(passage));
  const before = text.slice(0, at).split('\n');
  const open: { readonly level: number; readonly words: string }[] = [];
  let fence: string | undefined;
  for (const line of [...before, ...leadingHeadings(passage)]) {
    const mark = fencePattern.exec(line)?.[1];
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      fence = fence === undefined ? mark : undefined;
      continue;
    }
    const [, marks, words = ''] = (fence === undefined ? headingPattern.exec(line) : null) ?? [];
    if (marks === undefined) continue;
    while ((open.at(-1)?.level ?? 0) >= marks.length) open.pop();
    open.push({ level: marks.length, words });
  }
  const path = open.length > 0 ? open.map(({ words }) => words).join(' > ') : (text.split('\n', 1)[0] ?? '');
  return path.length <= maxLength ? path : `${path.slice(0, maxLength - 1).trimEnd()}…`;
}

/** The lines at the beginning of a passage that are headings or blank. */
function leadingHeadings(passage: string): string[] {
  const lines = passage.split('\n');
  const end = lines.findIndex((line) => line.trim() !== '' && !headingPattern.test(line));
  return lines.slice(0, end === -1 ? lines.length : end);
}
