import { type Fence, type Line, readLine } from './markdown-line.ts';

/** What begins at a line. Lines that only go on with what is above them are left out. */
export type BlockStart =
  | { readonly kind: 'heading'; readonly level: number }
  | { readonly kind: 'block' }
  /** A block within a list or a quote. */
  | { readonly kind: 'inner' }
  /** A line of code, HTML or a table, which is better whole than cut at the end of a sentence. */
  | { readonly kind: 'codeLine' };

type Visit = (start: number, block: BlockStart) => void;

/** What is open above a line. `nested` is a paragraph within a list or a quote. */
type Open =
  | { readonly kind: 'nothing' | 'nested' | 'table' | 'html' | 'indented' }
  | { readonly kind: 'paragraph'; readonly start: number }
  | { readonly kind: 'fence'; readonly fence: Fence };

/** So deep a line is code, unless it continues a paragraph or a list. */
const codeIndent = 4;
const itemIndent = 2;
const nothing: Open = { kind: 'nothing' };

/**
 * Visits the starts of Markdown blocks from `from` on. This is a scan line by line, whose time is linear in any text: a parser
 * nests, and only the quality of a cut would gain by it. The start of a heading that is underlined is visited twice, the second
 * time when its underline is read.
 */
export function visitBlockStarts(text: string, from: number, visit: Visit): void {
  let open: Open = nothing;
  let inList = false;
  let end: number;
  for (let start = from; start < text.length; start = end + 1) {
    const lineEnd = text.indexOf('\n', start);
    end = lineEnd === -1 ? text.length : lineEnd;
    const line = readLine(text, start, end);
    // A list goes on with items, with what is indented, and with the paragraph of its last item.
    inList =
      inList && (line.item || line.indent >= itemIndent || line.kind === 'blank' || open.kind === 'nested');
    open = below(open, line, start, inList, visit);
    inList ||= line.item && open.kind !== 'fence';
  }
}

/** Visits what begins at the line, and answers what is open below it. */
function below(open: Open, line: Line, start: number, inList: boolean, visit: Visit): Open {
  if (open.kind === 'fence') {
    visit(start, { kind: 'codeLine' });
    return closes(open.fence, line) ? nothing : open;
  }
  const nested = inList || line.quoted;
  const own: BlockStart = { kind: inList || (line.quoted && open.kind === 'nested') ? 'inner' : 'block' };
  const isIndented = line.indent >= codeIndent && !nested && open.kind !== 'paragraph';
  if (isIndented && line.kind !== 'blank') {
    visit(start, open.kind === 'indented' ? { kind: 'codeLine' } : own);
    return { kind: 'indented' };
  }
  if (line.item && line.kind === 'text') {
    visit(start, own);
    return { kind: 'nested' };
  }
  switch (line.kind) {
    case 'blank':
      // Code goes on behind blank lines.
      return open.kind === 'indented' ? open : nothing;
    case 'heading':
      visit(start, nested || line.item ? own : { kind: 'heading', level: line.level });
      return nothing;
    case 'fence':
      visit(start, own);
      return line.fence === undefined ? nothing : { kind: 'fence', fence: line.fence };
    case 'break':
      visit(start, own);
      return nothing;
    case 'underline':
      if (open.kind === 'paragraph') visit(open.start, { kind: 'heading', level: line.level });
      else visit(start, own);
      return nothing;
    case 'delimiter':
      // The line above is the first of the table.
      return open.kind === 'paragraph' ? { kind: 'table' } : afterText(open, start, own, nested, visit);
    case 'html':
      if (open.kind === 'paragraph' || nested) return afterText(open, start, own, nested, visit);
      visit(start, open.kind === 'html' ? { kind: 'codeLine' } : own);
      return { kind: 'html' };
    case 'text':
      return afterText(open, start, own, nested, visit);
    default:
      return line.kind satisfies never;
  }
}

/** A line of text goes on with what is open above it, or begins a paragraph. */
function afterText(open: Open, start: number, own: BlockStart, nested: boolean, visit: Visit): Open {
  if (open.kind === 'table' || open.kind === 'html') {
    visit(start, { kind: 'codeLine' });
    return open;
  }
  if (open.kind === 'paragraph' || open.kind === 'nested') return open;
  visit(start, own);
  return nested ? { kind: 'nested' } : { kind: 'paragraph', start };
}

function closes({ mark, count }: Fence, { fence }: Line): boolean {
  return fence?.bare === true && fence.mark === mark && fence.count >= count;
}
