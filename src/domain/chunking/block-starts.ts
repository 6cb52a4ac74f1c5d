import { type Fence, type Line, type LineShape, readLine } from './markdown-line.ts';

/** What begins at a line. Lines that only go on with what is above them are left out. */
export type BlockStart =
  | { readonly kind: 'heading'; readonly level: number; readonly end: number }
  /** The line of dashes between the head of a table and its rows. It is no place for a cut. */
  | { readonly kind: 'delimiter'; readonly end: number }
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
const nestedText: Open = { kind: 'nested' };
const table: Open = { kind: 'table' };
const markup: Open = { kind: 'html' };
const indented: Open = { kind: 'indented' };
const block: BlockStart = { kind: 'block' };
const inner: BlockStart = { kind: 'inner' };
const codeLine: BlockStart = { kind: 'codeLine' };

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
    const goesOn = open.kind === 'nested' && line.shape.kind === 'text';
    inList = inList && (line.item || line.indent >= itemIndent || line.shape.kind === 'blank' || goesOn);
    open = below(open, line, { start, end }, inList, visit);
    inList ||= line.item && open.kind !== 'fence';
  }
}

/** Visits what begins at the line, and answers what is open below it. */
function below(
  open: Open,
  line: Line,
  { start, end }: { readonly start: number; readonly end: number },
  inList: boolean,
  visit: Visit,
): Open {
  const { shape, quoted, item } = line;
  if (open.kind === 'fence') {
    visit(start, codeLine);
    return closes(open.fence, shape) ? nothing : open;
  }
  const nested = inList || quoted;
  const own = inList || (quoted && open.kind === 'nested') ? inner : block;
  if (shape.kind === 'blank') return open.kind === 'indented' ? open : nothing;
  if (line.indent >= codeIndent && !nested && open.kind !== 'paragraph') {
    visit(start, open.kind === 'indented' ? codeLine : own);
    return indented;
  }
  if (item && shape.kind === 'text') {
    visit(start, own);
    return nestedText;
  }
  switch (shape.kind) {
    case 'heading':
      visit(start, nested || item ? own : { kind: 'heading', level: shape.level, end });
      return nothing;
    case 'fence':
      visit(start, own);
      return { kind: 'fence', fence: shape };
    case 'break':
      visit(start, own);
      return nothing;
    case 'underline':
      if (open.kind === 'paragraph') visit(open.start, { kind: 'heading', level: shape.level, end });
      else visit(start, own);
      return nothing;
    case 'delimiter':
      if (open.kind !== 'paragraph') return afterText(open, start, own, nested, visit);
      // The line above is the first of the table.
      visit(start, { kind: 'delimiter', end });
      return table;
    case 'html':
      if (open.kind === 'paragraph' || nested) return afterText(open, start, own, nested, visit);
      visit(start, open.kind === 'html' ? codeLine : own);
      return markup;
    case 'text':
      return afterText(open, start, own, nested, visit);
    default:
      return shape satisfies never;
  }
}

/** A line of text goes on with what is open above it, or begins a paragraph. */
function afterText(open: Open, start: number, own: BlockStart, nested: boolean, visit: Visit): Open {
  if (open.kind === 'table' || open.kind === 'html') {
    visit(start, codeLine);
    return open;
  }
  if (open.kind === 'paragraph' || open.kind === 'nested') return open;
  visit(start, own);
  return nested ? nestedText : { kind: 'paragraph', start };
}

function closes({ mark, count }: Fence, shape: LineShape): boolean {
  return shape.kind === 'fence' && shape.bare && shape.mark === mark && shape.count >= count;
}
