/** Lines that Markdown would take for structure: headings and their underlines, quotes, fences, tables. */
const structure = /^([ \t]{0,8})(#{1,6}(?=[ \t]|$)|>|`{3,}|~{3,}|={3,}[ \t]*$|-{3,}[ \t]*$|\|)/;
const tagStart = /<(?=[a-zA-Z/!?])/g;

/** Turns plain text into Markdown that reads the same: its signs stay signs. A list stays a list, which it is in both. */
export function plainTextToMarkdown(text: string): string {
  return text
    .replace(tagStart, '&lt;')
    .split('\n')
    .map((line) => line.replace(structure, '$1\\$2').trimEnd())
    .join('\n')
    .trim();
}
