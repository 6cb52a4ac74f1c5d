import type { DocumentNote } from '../document.ts';
import { codeOf } from './code-blocks.ts';
import {
  type HtmlDocument,
  type HtmlElement,
  type HtmlNode,
  hasWords,
  isElement,
  isText,
  walk,
} from './html-element.ts';
import { isAround, isHidden } from './left-out.ts';
import { targetOf } from './links.ts';

/** Elements without words of the document. */
const wordless = new Set(
  [
    'STYLE',
    'TEMPLATE',
    'NOSCRIPT',
    'IFRAME',
    'OBJECT',
    'EMBED',
    'APPLET',
    'AUDIO',
    'LINK',
    'META',
    'TITLE',
    'BASE',
  ].concat([
    'BUTTON',
    'SELECT',
    'DATALIST',
    'TEXTAREA',
    'PROGRESS',
    'METER',
    'NOEMBED',
    'NOFRAMES',
    'FRAMESET',
  ]),
);
const pictures = new Set(['SVG', 'CANVAS', 'VIDEO', 'MAP', 'IMG', 'IMAGE']);
const maxAltLength = 500;
const maxBlanks = 100;
const longBlanks = /\s{101,}/g;

/**
 * Takes out of a page what is not its text: scripts, styles, comments, hidden text, what stands around the text. Pictures become
 * their description, links absolute, code blocks one element. One walk, linear in the page.
 */
export function cleanHtml(document: HtmlDocument, base: string | null): DocumentNote[] {
  const notes = new Set<DocumentNote>();
  const within: HtmlElement[] = [];
  let blanks = 0;
  walk(document.body, (node, depth) => {
    within.length = Math.min(within.length, depth - 1);
    if (!isElement(node)) {
      // Each sign that is written by its name is a node of its own.
      if (isText(node)) blanks = hasWords(node) ? 0 : blanks + (node.textContent ?? '').length;
      if (!isText(node) || blanks > maxBlanks) node.remove();
      else shortenBlanks(node);
      return 'skip';
    }
    const name = node.nodeName.toUpperCase();
    if (name === 'SCRIPT' || wordless.has(name)) {
      if (name === 'SCRIPT') notes.add('scripts_removed');
      node.remove();
      return 'skip';
    }
    if (isHidden(node)) {
      if (hasWords(node)) notes.add('hidden_text_left_out');
      node.remove();
      return 'skip';
    }
    if (pictures.has(name)) {
      notes.add('images_left_out');
      const words = (node.getAttribute('alt') ?? '').replaceAll(/\s+/g, ' ').trim().slice(0, maxAltLength);
      if (words === '') node.remove();
      else node.replaceWith(words);
      return 'skip';
    }
    if (name === 'INPUT') {
      // The box of a task; the libraries behind this step drop every input.
      if (node.getAttribute('type') !== 'checkbox' || !within.some(({ nodeName }) => nodeName === 'LI'))
        node.remove();
      else node.replaceWith(node.getAttribute('checked') === null ? '☐ ' : '☑ ');
      return 'skip';
    }
    if (isAround(node, name, within)) {
      node.remove();
      return 'skip';
    }
    if (name === 'PRE') {
      const code = codeOf(document, node);
      shortenBlanks(code);
      node.replaceChildren(code);
      return 'skip';
    }
    if (name === 'A') setTarget(node, base, notes);
    keepLevel(node, name);
    within[depth - 1] = node;
    return undefined;
  });
  return [...notes];
}

/** A pattern of the library that writes the Markdown takes quadratic time on a long run of blanks. */
function shortenBlanks(node: HtmlNode): void {
  const text = node.textContent ?? '';
  if (text.length > maxBlanks)
    node.textContent = text.replaceAll(longBlanks, (run) => run.slice(0, maxBlanks));
}

function setTarget(link: HtmlElement, base: string | null, notes: Set<DocumentNote>): void {
  const href = link.getAttribute('href');
  if (href === null) return;
  const target = targetOf(href, base);
  if (target.kind === 'script') notes.add('scripts_removed');
  link.removeAttribute('title');
  if (target.kind === 'address') link.setAttribute('href', target.address);
  else link.removeAttribute('href');
}

/** Readability makes every first heading a second one: its level is kept beside it. No page sets these marks by itself. */
function keepLevel(node: HtmlElement, name: string): void {
  node.removeAttribute('data-table');
  node.removeAttribute('data-level');
  if (/^H[1-6]$/.test(name)) node.setAttribute('data-level', name.slice(1));
}
