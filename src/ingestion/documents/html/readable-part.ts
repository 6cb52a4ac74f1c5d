import { Readability } from '@mozilla/readability';
import {
  childrenOf,
  type HtmlDocument,
  type HtmlElement,
  type HtmlNode,
  isElement,
  walk,
} from './html-element.ts';

/** Readability weighs every element several times. A larger page is read without it. */
const maxWeighedElements = 20_000;
/** So much of a page's words must be in the part that was found: a page of reference has many parts and no article. */
const leastPart = 0.5;

/**
 * The part of a page that is its text: the article that Readability finds if it holds most of the words, else the page's own
 * main element, else all of it, which has been cleaned of what stands around the text.
 */
export function readablePart(document: HtmlDocument): HtmlElement {
  const whole = document.body.cloneNode(true);
  const all = isElement(whole) ? whole : document.body;
  const words = wordsOf(all);
  const isEnough = (part: HtmlNode) => wordsOf(part) >= words * leastPart;
  const main = onlyMain(all);
  const article = countElements(all) <= maxWeighedElements ? findArticle(document) : undefined;
  if (article !== undefined && isEnough(article)) return article;
  return main !== undefined && isEnough(main) ? main : all;
}

function findArticle(document: HtmlDocument): HtmlElement | undefined {
  try {
    const found = new Readability<HtmlElement>(document, {
      charThreshold: 200,
      keepClasses: true,
      disableJSONLD: true,
      serializer: (node: HtmlElement) => node,
    }).parse();
    return found?.content ?? undefined;
  } catch {
    // It expects a browser's document; what it cannot weigh is read as a whole.
    return undefined;
  }
}

function onlyMain(root: HtmlElement): HtmlElement | undefined {
  for (const selector of ['main, [role=main]', 'article']) {
    const [first, ...others] = root.querySelectorAll(selector);
    if (first !== undefined && others.length === 0) return first;
  }
  return undefined;
}

/** The characters of a part's words. Code counts little: a page of it has few words. */
function wordsOf(node: HtmlNode): number {
  return (node.textContent ?? '').replaceAll(/\s+/g, '').length;
}

function countElements(root: HtmlElement): number {
  let count = 0;
  walk(root, (node) => {
    if (childrenOf(node).length > 0) count += 1;
    return undefined;
  });
  return count;
}
