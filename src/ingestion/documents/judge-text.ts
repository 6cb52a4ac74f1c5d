import { hasVisible } from '../../domain/visible-text.ts';

/** What a text is. `data` is for programs: JSON, CSV, XML. */
export type TextKind = 'html' | 'markdown' | 'plain' | 'data' | 'empty';

/** What the sender says, which decides between kinds of text that the words leave open. */
export interface TextLabel {
  readonly contentType: string | null;
  readonly name: string | null;
}

/** So much of a beginning tells the kind, and so many lines of a table of values. */
const judgedCharacters = 100_000;
const judgedLines = 50;

/** A page, by its first tag; the elements of a page that may stand first in a piece of one. */
const pageStart =
  /^<(!doctype\s+html|html|head|body|title|meta|script|style|main|article|section|header|nav)\b/i;
const fragmentStart =
  /^<(a|b|i|p|h[1-6]|div|span|table|ul|ol|dl|br|hr|img|pre|blockquote|font|center|strong|em|details|figure|form|iframe|aside|footer)\b/i;
const anyTag = /^<[a-z!?][^<>]{0,2000}>/i;
const htmlLabel = /^(text\/html|application\/xhtml\+xml)\b/i;
const jsonStart =
  /^(\{\s{0,200}("(?:[^"\\\n]|\\.){0,200}"\s{0,50}:|\}\s*$)|\[\s{0,200}([[{"\]]|-?\d|true|false|null))/;

/** So many kinds of marks make a text Markdown; more, where it calls itself plain. */
const weakMarks = 2;
const manyWeakMarks = 4;

/** Judges a text by its words; linear in its length. */
export function judgeText(text: string, label: TextLabel): TextKind {
  const start = text.slice(0, judgedCharacters).trimStart();
  if (!hasVisible(start)) return hasVisible(text) ? 'plain' : 'empty';
  if (start.startsWith('<')) return judgeMarkup(start, label);
  if (isJson(text, start) || isTableOfValues(start, label)) return 'data';
  if (isNamed(label, /^text\/(x-)?markdown\b/i, /\.(md|markdown|mdx)$/i)) return 'markdown';
  const isCalledPlain = isNamed(label, /^text\/plain\b/i, /\.(txt|text|log)$/i);
  return looksLikeMarkdown(start, isCalledPlain ? manyWeakMarks : weakMarks) ? 'markdown' : 'plain';
}

function judgeMarkup(start: string, label: TextLabel): TextKind {
  const first = withoutProlog(start);
  if (pageStart.test(first)) return 'html';
  if (fragmentStart.test(first)) {
    // Many a Markdown file begins with a centred picture or a folded part.
    if (isNamed(label, /^text\/(x-)?markdown\b/i, /\.(md|markdown|mdx)$/i)) return 'markdown';
    return /^#{1,6} \S/m.test(first) && !/<\/?(h[1-6]|body)\b/i.test(first) ? 'markdown' : 'html';
  }
  if (/^<(https?:|mailto:)/i.test(first)) return looksLikeMarkdown(first) ? 'markdown' : 'plain';
  if (!anyTag.test(first)) return 'plain';
  // Elements that HTML does not know: XML, unless its server calls it a page and it holds elements of one.
  return htmlLabel.test(label.contentType ?? '') && /<(p|div|h[1-6]|body)\b/i.test(first) ? 'html' : 'data';
}

/** What follows the declaration of XML, the comments and the blanks at the beginning. */
function withoutProlog(start: string): string {
  let at = 0;
  for (;;) {
    while (at < start.length && start.charCodeAt(at) <= 0x20) at += 1;
    const end = start.startsWith('<!--', at) ? '-->' : start.startsWith('<?', at) ? '?>' : undefined;
    const found = end === undefined ? -1 : start.indexOf(end, at);
    if (end === undefined || found === -1) return start.slice(at);
    at = found + end.length;
  }
}

function isJson(text: string, start: string): boolean {
  if (!jsonStart.test(start)) return false;
  if (start.startsWith('{')) return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Cut off, or one value a line; a text may begin with a number in brackets, too.
    return /^\[\s{0,200}[{"]/.test(start);
  }
}

/** Lines of values: every line has as many separators as the first, and hardly any line is a sentence. */
function isTableOfValues(start: string, label: TextLabel): boolean {
  const called = isNamed(label, /^text\/(csv|tab-separated-values)\b/i, /\.(csv|tsv)$/i);
  const lines = start.split('\n', judgedLines + 1).filter((line) => line.trim() !== '');
  if (start.length === judgedCharacters || lines.length > judgedLines) lines.pop();
  if (lines.length < (called ? 2 : 3)) return false;
  const sentences = lines.filter((line) => /[.!?。]["')\]]?\s*$/.test(line)).length;
  if (sentences > lines.length / 4) return false;
  return [',', ';', '\t'].some((separator) => {
    const counts = lines.map((line) => fieldsOf(line, separator));
    const [first = 1] = counts;
    return first >= (called ? 2 : 3) && counts.every((count) => count === first);
  });
}

/** The fields of a line, whose separators within quotes do not count. */
function fieldsOf(line: string, separator: string): number {
  let fields = 1;
  let quoted = false;
  for (const character of line) {
    if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) fields += 1;
  }
  return fields;
}

/** A heading, code between fences or a table is enough; of links, lists and marks there must be several kinds. */
function looksLikeMarkdown(start: string, least = weakMarks): boolean {
  const strong = [/^#{1,6} \S.*\n\s*\n/m, /^(```|~~~)\w*\n/m, /^---\n(\w+:.*\n){1,30}---\n/];
  const isRule = (line: string) => line.includes('|') && line.includes('---') && /^[ \t:|-]+$/.test(line);
  if (strong.some((pattern) => pattern.test(start)) || start.split('\n').some(isRule)) return true;
  const weak = [
    /^[-*+] \S/m,
    /^\d{1,3}\. \S/m,
    /\[[^\]\n]{1,200}\]\([^)\s]{1,500}\)/,
    /\*\*\S[^*\n]{0,200}\*\*/,
    /^> \S/m,
    /^#{1,6} \S/m,
    /`[^`\n]{1,200}`/,
  ];
  return weak.filter((pattern) => pattern.test(start)).length >= least;
}

function isNamed({ contentType, name }: TextLabel, type: RegExp, ending: RegExp): boolean {
  return type.test(contentType?.trim() ?? '') || ending.test((name ?? '').split(/[?#]/, 1)[0] ?? '');
}
