import { strikethrough } from '@joplin/turndown-plugin-gfm';
import Turndown from 'turndown';
import type { DocumentNote } from '../document.ts';
import { cleanHtml } from './clean-html.ts';
import type { HtmlElement } from './html-element.ts';
import { baseOf } from './links.ts';
import { pageTitle } from './page-title.ts';
import { parseHtml } from './parse-html.ts';
import { readablePart } from './readable-part.ts';
import { tableToMarkdown } from './tables.ts';

/** A page in Markdown, or `too_large`. */
export type HtmlInMarkdown =
  | {
      readonly kind: 'read';
      readonly title: string | null;
      readonly markdown: string;
      readonly notes: readonly DocumentNote[];
    }
  | { readonly kind: 'too_large' };

export interface HtmlSource {
  readonly html: string;
  /** The page's own address, if it has one. */
  readonly name: string | null;
  /** Whether menus and the like stand around the text; a document of an office has none. */
  readonly isPage: boolean;
}

/** Turns a page into Markdown: the readable part of it, with headings, lists, tables, links and code. */
export function readHtml({ html, name, isPage }: HtmlSource): HtmlInMarkdown {
  const document = parseHtml(html);
  if (document === undefined) return { kind: 'too_large' };
  const title = pageTitle(document);
  const [base] = document.querySelectorAll('base');
  const notes = cleanHtml(document, baseOf(name, base?.getAttribute('href') ?? null));
  const part = isPage ? readablePart(document) : document.body;
  return { kind: 'read', title, markdown: toMarkdown(part), notes };
}

function toMarkdown(part: HtmlElement): string {
  const service = new Turndown({
    headingStyle: 'atx',
    codeBlockStyle: 'fenced',
    bulletListMarker: '-',
    hr: '---',
  });
  service.use(strikethrough);
  service.addRule('heading', {
    filter: ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'],
    replacement: (content, node: HtmlElement) => {
      const level = Number(node.getAttribute('data-level') ?? node.nodeName.slice(1));
      const words = content.replaceAll(/\s+/g, ' ').trim();
      return words === '' ? '' : `\n\n${'#'.repeat(level)} ${words}\n\n`;
    },
  });
  const tables = writeTables(part, (cell) => service.turndown(cell));
  service.addRule('table', {
    filter: (node: HtmlElement) => node.getAttribute('data-table') !== null,
    replacement: (_content, node: HtmlElement) =>
      `\n\n${tables[Number(node.getAttribute('data-table'))] ?? ''}\n\n`,
  });
  return service.turndown(part);
}

/** Writes each table, and leaves a mark where it stood. */
function writeTables(part: HtmlElement, cellToMarkdown: (cell: HtmlElement) => string): string[] {
  const tables: string[] = [];
  for (const table of [...part.querySelectorAll('table')]) {
    const markdown = tableToMarkdown(table, cellToMarkdown);
    if (markdown === undefined) continue;
    table.replaceChildren('table');
    table.setAttribute('data-table', String(tables.length));
    tables.push(markdown);
  }
  return tables;
}
