/** A part of a Markdown text that has sentences of its own. `indent` is in columns, behind the quote marks. */
export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'paragraph'; readonly indent: number; readonly text: string; readonly quoted: boolean }
  /** `marker` is what may say something: the number of an ordered item, a plus, a dash before a digit. Otherwise it is empty. */
  | {
      readonly kind: 'item';
      readonly indent: number;
      readonly marker: string;
      readonly text: string;
      readonly quoted: boolean;
    }
  | { readonly kind: 'code'; readonly indent: number; readonly text: string; readonly quoted: boolean }
  /** The rows of a table as they stand, its header first. */
  | { readonly kind: 'table'; readonly rows: readonly string[]; readonly quoted: boolean };

interface Line {
  readonly quoted: boolean;
  readonly indent: number;
  readonly text: string;
}

/** What is being collected: lines of a paragraph or item, of code within a fence, or of code by its indent. */
type Open =
  | {
      readonly kind: 'paragraph' | 'item';
      readonly indent: number;
      readonly marker: string;
      readonly quoted: boolean;
      readonly lines: string[];
    }
  | {
      readonly kind: 'fenced';
      readonly fence: string;
      readonly indent: number;
      readonly quoted: boolean;
      readonly lines: string[];
    }
  | { readonly kind: 'indented'; readonly quoted: boolean; readonly lines: string[] };

/** From this indent on, a line that continues nothing is code. */
const codeIndent = 4;

/**
 * Reads the blocks of a Markdown text, in order. A block is rather too large than too small: what stands in one block is compared as
 * a whole where its sentences cannot be told apart. The steps are as many as the text is long.
 */
export function markdownBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  let open: Open | undefined;
  let inList = false;

  const close = () => {
    if (open === undefined) return;
    blocks.push(blockOf(open));
    open = undefined;
  };

  for (let at = 0; at < lines.length; at += 1) {
    const whole = lines[at] ?? '';
    const line = readLine(whole);
    if (open?.kind === 'fenced') {
      if (line.quoted === open.quoted && isEndOf(open.fence, line.text)) close();
      else open.lines.push(open.quoted ? ' '.repeat(line.indent) + line.text : whole);
      continue;
    }
    if (open !== undefined && open.quoted !== line.quoted) close();
    const { quoted, indent } = line;
    if (line.text === '') {
      if (open?.kind === 'indented') open.lines.push('');
      else close();
      continue;
    }
    if (open?.kind === 'indented' && indent < codeIndent) close();
    if (indent >= codeIndent && !inList && (open === undefined || open.kind === 'indented')) {
      open ??= { kind: 'indented', quoted, lines: [] };
      open.lines.push(' '.repeat(indent) + line.text);
      continue;
    }
    const fence = /^(`{3,}|~{3,})[^`]*$/.exec(line.text)?.[1];
    if (fence !== undefined) {
      close();
      open = { kind: 'fenced', fence, indent, quoted, lines: [] };
      continue;
    }
    const heading = headingOf(line.text);
    if (heading !== undefined) {
      close();
      inList = false;
      blocks.push({ kind: 'heading', ...heading, quoted });
      continue;
    }
    if (open?.kind === 'paragraph' && /^(=+|-+)$/.test(line.text)) {
      blocks.push({
        kind: 'heading',
        level: line.text.startsWith('=') ? 1 : 2,
        text: open.lines.join(' '),
        quoted,
      });
      open = undefined;
      inList = false;
      continue;
    }
    if (isBreak(line.text)) {
      close();
      continue;
    }
    if (line.text.includes('|') && isDelimiter(readLine(lines[at + 1] ?? '').text)) {
      close();
      const rows = [line.text];
      for (at += 2; at < lines.length; at += 1) {
        const row = readLine(lines[at] ?? '');
        if (!row.text.includes('|') || row.quoted !== quoted) break;
        rows.push(row.text);
      }
      at -= 1;
      blocks.push({ kind: 'table', rows, quoted });
      continue;
    }
    const item = /^([-*+]|\d{1,9}[.)])(?:[ \t]+(.*))?$/.exec(line.text);
    if (item !== null) {
      close();
      inList = true;
      const words = (item[2] ?? '').trim();
      open = { kind: 'item', indent, marker: markerOf(item[1] ?? '', words), quoted, lines: [words] };
      continue;
    }
    if (open === undefined) {
      if (indent === 0) inList = false;
      open = { kind: 'paragraph', indent, marker: '', quoted, lines: [] };
    }
    open.lines.push(line.text);
  }
  close();
  return blocks;
}

function blockOf(open: Open): Block {
  const { quoted } = open;
  switch (open.kind) {
    case 'paragraph':
      return { kind: 'paragraph', indent: open.indent, text: open.lines.join('\n'), quoted };
    case 'item':
      return { kind: 'item', indent: open.indent, marker: open.marker, text: open.lines.join('\n'), quoted };
    case 'fenced':
      return { kind: 'code', indent: open.indent, text: asCode(open.lines), quoted };
    case 'indented':
      return { kind: 'code', indent: 0, text: asCode(open.lines), quoted };
    default:
      return open satisfies never;
  }
}

/** A plus or minus before a line may be a sign, or the mark of a change. */
function markerOf(marker: string, words: string): string {
  if (/^\d/.test(marker)) return `${marker.slice(0, -1)}.`;
  return marker === '+' || (marker === '-' && /^\p{N}/u.test(words)) ? marker : '';
}

/** Lines of code less the blank space that they all begin with and that they end with. */
function asCode(lines: readonly string[]): string {
  const ended = lines.map((line) => line.trimEnd());
  let least = Number.POSITIVE_INFINITY;
  for (const line of ended) if (line !== '') least = Math.min(least, line.length - line.trimStart().length);
  const cut = Number.isFinite(least) ? least : 0;
  return ended
    .map((line) => line.slice(cut))
    .join('\n')
    .trim();
}

function readLine(whole: string): Line {
  const [, marks = '', blanks = '', text = ''] = /^((?:[ \t]*>)*)([ \t]*)(.*)$/s.exec(whole) ?? [];
  let indent = 0;
  for (const blank of blanks) indent += blank === '\t' ? 4 - (indent % 4) : 1;
  // The one blank behind a quote mark belongs to the mark.
  if (marks !== '' && indent > 0) indent -= 1;
  return { quoted: marks !== '', indent, text: text.trimEnd() };
}

function headingOf(text: string): { readonly level: number; readonly text: string } | undefined {
  const [, marks, rest] = /^(#{1,6})(?:[ \t]+(.*))?$/.exec(text) ?? [];
  if (marks === undefined) return undefined;
  const words = (rest ?? '').trim();
  let to = words.length;
  while (words[to - 1] === '#') to -= 1;
  // Marks at the end belong to the heading's form if a blank stands before them: C# keeps its own.
  const isClosed = to === 0 || words[to - 1] === ' ' || words[to - 1] === '\t';
  return { level: marks.length, text: (isClosed ? words.slice(0, to) : words).trim() };
}

/** A rule across the page. It says nothing. */
const isBreak = (text: string) => /^(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/.test(text);

/** The second line of a table. */
const isDelimiter = (text: string) => /^[ \t:|-]+$/.test(text) && text.includes('-') && text.includes('|');

const isEndOf = (fence: string, text: string) =>
  text.length >= fence.length && text === (fence[0] ?? '').repeat(text.length);
