import { createCharacterCount } from '../characters.ts';
import { type Fence, type Line, readLine } from '../chunking/markdown-line.ts';

/** The headings and tables of a Markdown text. Places are in characters (not UTF-16 units), as Postgres counts them. */
export interface Outline {
  /** Where the line of each heading starts, and its level. Level 0 ends the list: what follows was not read. */
  readonly headings: readonly Place[];
  /** Where the header row of each table starts, and where its last row ends. */
  readonly tables: readonly Place[];
}

export type Place = readonly [at: number, levelOrEnd: number];

/** The most headings, and the most tables: a text can have a hundred thousand of them. */
export const maxPlaces = 4_000;

/** So deep a line is code. */
const codeIndent = 4;

/** Outlines a text. The time is linear in its length. Never fails. */
export function outlineOf(text: string): Outline {
  const headings: Place[] = [];
  const tables: Place[] = [];
  const characterAt = createCharacterCount(text);
  let fence: Fence | undefined;
  /** The line above: the start of its paragraph, and its own. */
  let above: { readonly start: number; readonly line: number } | undefined;
  let table: { readonly start: number; readonly end: number } | undefined;
  const endTable = () => {
    if (table !== undefined) tables.push([characterAt(table.start), characterAt(table.end)]);
    table = undefined;
  };
  let next: number;
  for (let start = 0; start < text.length && headings.length < maxPlaces; start = next) {
    const newline = text.indexOf('\n', start);
    next = newline === -1 ? text.length : newline + 1;
    const end =
      newline === -1 ? text.length : newline - (text[newline - 1] === '\r' && newline > start ? 1 : 0);
    const line = readLine(text, start, end);
    if (fence !== undefined) {
      if (closes(fence, line)) fence = undefined;
      continue;
    }
    if (table !== undefined && line.shape.kind === 'text') {
      table = { start: table.start, end };
      continue;
    }
    endTable();
    const own = !line.quoted && !line.item && line.indent < codeIndent;
    const paragraph = above;
    above = undefined;
    switch (line.shape.kind) {
      case 'heading':
        if (own) headings.push([characterAt(start), line.shape.level]);
        break;
      case 'underline':
        if (own && paragraph !== undefined) headings.push([characterAt(paragraph.start), line.shape.level]);
        break;
      case 'delimiter':
        if (paragraph !== undefined && tables.length < maxPlaces) table = { start: paragraph.line, end };
        break;
      case 'fence':
        fence = line.shape;
        break;
      case 'text':
        if (!line.item) above = { start: paragraph?.start ?? start, line: start };
        break;
      case 'blank':
      case 'break':
      case 'html':
        break;
      default:
        line.shape satisfies never;
    }
  }
  endTable();
  const last = headings[maxPlaces - 1];
  if (last !== undefined) headings[maxPlaces - 1] = [last[0], 0];
  return { headings, tables };
}

function closes({ mark, count }: Fence, { shape }: Line): boolean {
  return shape.kind === 'fence' && shape.bare && shape.mark === mark && shape.count >= count;
}
