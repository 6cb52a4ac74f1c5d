import { parseHTML } from 'linkedom';
import { type HtmlDocument, type HtmlNode, isElement, isText, walk } from './html-element.ts';

/** A page with more tags fills the memory of a thread. A long one has some tens of thousands. */
const maxTags = 150_000;
/** Deeper elements are read as their text alone: the libraries behind this step call themselves once a level. */
const maxDepth = 150;
/** The frame of a page. Its elements may be missing, doubled, unclosed or hidden by a script's style, so none of them counts. */
const frameTag = /<(\/?)(?:html|head|body)(?=[\s/>])[^<>]{0,5000}>/gi;

/** Parses a page or a piece of one, of which all stands in the body of the document. Undefined for one that is too large. */
export function parseHtml(html: string): HtmlDocument | undefined {
  if (countTags(html) > maxTags) return undefined;
  const { document }: { readonly document: HtmlDocument } = parseHTML(
    `<html><head></head><body>${html.replace(frameTag, '<$1div>')}`,
  );
  flattenDeep(document);
  return document;
}

function countTags(html: string): number {
  let tags = 0;
  for (let at = html.indexOf('<'); at !== -1; at = html.indexOf('<', at + 1)) tags += 1;
  return tags;
}

function flattenDeep(document: HtmlDocument): void {
  walk(document.body, (node, depth) => {
    if (depth < maxDepth || !isElement(node)) return undefined;
    node.replaceChildren(textBelow(node));
    return 'skip';
  });
}

/** The words below an element, with a blank between elements. */
function textBelow(element: HtmlNode): string {
  const words: string[] = [];
  walk(element, (node) => {
    if (/^(SCRIPT|STYLE|TEMPLATE|NOSCRIPT)$/.test(node.nodeName)) return 'skip';
    if (isText(node)) words.push(node.textContent ?? '');
    return undefined;
  });
  return words.join(' ');
}
