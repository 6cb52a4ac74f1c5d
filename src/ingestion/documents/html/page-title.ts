import type { HtmlDocument, HtmlElement } from './html-element.ts';

const metaNames = /^(og:title|twitter:title|dc\.title|dcterms\.title)$/i;
/** Signs between the name of a page and that of its site. */
const separators = /\s+[|–—·»:-]+\s+/;

/** The title of a page: the one it gives to other sites, else its heading if the window's title holds it, else that title. */
export function pageTitle(document: HtmlDocument): string | null {
  for (const meta of document.querySelectorAll('meta')) {
    if (metaNames.test(meta.getAttribute('property') ?? meta.getAttribute('name') ?? '')) {
      const given = oneLine(meta.getAttribute('content'));
      if (given !== '') return given;
    }
  }
  const [windowTitle] = textsOf(document.querySelectorAll('title'));
  const headings = textsOf(document.querySelectorAll('h1'));
  if (windowTitle === undefined) return headings[0] ?? null;
  const pieces = windowTitle.split(separators);
  return headings.find((heading) => pieces.includes(heading)) ?? windowTitle;
}

function textsOf(elements: Iterable<HtmlElement>): string[] {
  return [...elements].map((element) => oneLine(element.textContent)).filter((text) => text !== '');
}

function oneLine(text: string | null): string {
  return (text ?? '').slice(0, 2_000).replaceAll(/\s+/g, ' ').trim();
}
