import { childrenOf, type HtmlElement, isElement, walk } from './html-element.ts';

/** Larger tables are read cell by cell, as text. */
const maxCells = 20_000;
const maxColumns = 100;
const maxRows = 2_000;

interface Row {
  readonly cells: readonly HtmlElement[];
  readonly heads: boolean;
}

/**
 * Writes a table of values as Markdown: a cell that spans rows is repeated in each, a head of several rows is one. Undefined for
 * a table that only arranges a page, or that is too large. `toMarkdown` writes the content of a cell.
 */
export function tableToMarkdown(
  table: HtmlElement,
  toMarkdown: (cell: HtmlElement) => string,
): string | undefined {
  const role = table.getAttribute('role');
  if (role === 'presentation' || role === 'none') return undefined;
  const found = rowsOf(table);
  if (found === undefined) return undefined;
  const { rows, caption } = found;
  const grid = gridOf(rows, (cell) => cellText(toMarkdown(cell)));
  const columns = Math.max(0, ...grid.map((row) => row.length));
  if (columns < 2 || grid.length * columns > maxCells) return undefined;

  const headRows = rows.findIndex(({ heads }) => !heads);
  // Where no row says that it is a head, the first one most often is.
  const heads = grid.slice(0, Math.max(1, headRows));
  const body = grid.slice(heads.length);
  const head = Array.from({ length: columns }, (_, column) => [
    ...new Set(heads.map((row) => row[column] ?? '')),
  ]);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const lines = [
    line(head.map((words) => words.filter((word) => word !== '').join(' / '))),
    line(head.map(() => '---')),
    ...body.map((row) => line(head.map((_, column) => row[column] ?? ''))),
  ];
  return `${caption === '' ? '' : `${caption}\n\n`}${lines.join('\n')}`;
}

/** The rows of a table, without those of a table within it: such a table arranges a page. */
function rowsOf(table: HtmlElement): { readonly rows: Row[]; readonly caption: string } | undefined {
  const rows: Row[] = [];
  let caption = '';
  let nested = false;
  walk(table, (node) => {
    nested ||= node.nodeName === 'TABLE';
    if (nested) return 'skip';
    if (node.nodeName === 'CAPTION') caption = (node.textContent ?? '').replaceAll(/\s+/g, ' ').trim();
    if (node.nodeName !== 'TR' || !isElement(node)) return undefined;
    const cells = childrenOf(node)
      .filter(isElement)
      .filter(({ nodeName }) => /^T[HD]$/.test(nodeName));
    const heads = node.parentNode?.nodeName === 'THEAD' || cells.every(({ nodeName }) => nodeName === 'TH');
    if (cells.length > 0) rows.push({ cells, heads });
    // Cells are searched for tables within them.
    return undefined;
  });
  return nested || rows.length < 2 || rows.length > maxRows ? undefined : { rows, caption };
}

/** The words of each place of a table. */
function gridOf(rows: readonly Row[], textOf: (cell: HtmlElement) => string): string[][] {
  /** Per column, the cell from above that reaches into the rows below. */
  const reaching: ({ text: string; rows: number } | undefined)[] = [];
  return rows.map(({ cells, heads }) => {
    const row: string[] = [];
    const takeReaching = () => {
      for (
        let above = reaching[row.length];
        above !== undefined && above.rows > 0;
        above = reaching[row.length]
      ) {
        above.rows -= 1;
        row.push(above.text);
      }
    };
    for (const cell of cells) {
      takeReaching();
      if (row.length >= maxColumns) break;
      const text = textOf(cell);
      const columns = spanOf(cell, 'colspan', maxColumns - row.length);
      const below = spanOf(cell, 'rowspan', maxRows) - 1;
      for (let column = 0; column < columns; column += 1) {
        // A value stands in its first column; the words of a head belong to each.
        const words = column === 0 || heads ? text : '';
        if (below > 0) reaching[row.length] = { text: words, rows: below };
        row.push(words);
      }
    }
    takeReaching();
    return row;
  });
}

function spanOf(cell: HtmlElement, attribute: string, most: number): number {
  const span = Number.parseInt(cell.getAttribute(attribute) ?? '1', 10);
  return Number.isInteger(span) && span > 0 ? Math.min(span, most) : 1;
}

/** A cell is one line, and a bar in it is none of the table. */
function cellText(markdown: string): string {
  return markdown
    .trim()
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('<br>')
    .replaceAll('|', '\\|');
}
