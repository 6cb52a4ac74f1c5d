import { type HtmlDocument, type HtmlElement, isElement, isText, walk } from './html-element.ts';

const languageClass =
  /(?:^|\s)(?:language|lang|highlight-source|highlight-text|brush:)[-\s]?([a-z0-9+#_.-]{1,30})/i;
const languageName = /^[a-z0-9+#_.-]{1,30}$/i;
/** Elements that hold a line each in some code viewers. */
const lineElement = /^(DIV|P|LI|TR)$/;

/** The code of a `pre`, as one element that names its language. */
export function codeOf(document: HtmlDocument, pre: HtmlElement): HtmlElement {
  const code = document.createElement('code');
  const language = languageOf(pre);
  if (language !== undefined) code.setAttribute('class', `language-${language}`);
  code.textContent = linesOf(pre);
  return code;
}

/** The language that a block, its code or what holds it names. */
function languageOf(pre: HtmlElement): string | undefined {
  const [inner] = pre.querySelectorAll('code');
  for (const element of [inner, pre, pre.parentNode]) {
    if (element === undefined || element === null || !isElement(element)) continue;
    const named =
      element.getAttribute('data-lang') ??
      element.getAttribute('data-language') ??
      element.getAttribute('lang');
    if (named !== null && element !== pre.parentNode && languageName.test(named)) return named.toLowerCase();
    const [, found] = languageClass.exec((element.getAttribute('class') ?? '').slice(0, 500)) ?? [];
    if (found !== undefined) return found.toLowerCase();
  }
  return undefined;
}

function linesOf(pre: HtmlElement): string {
  const pieces: string[] = [];
  let endsLine = true;
  walk(pre, (node) => {
    const isBreak = node.nodeName === 'BR' || (lineElement.test(node.nodeName) && !endsLine);
    const text = isBreak ? '\n' : isText(node) ? (node.textContent ?? '') : '';
    if (text !== '') {
      pieces.push(text);
      endsLine = text.endsWith('\n');
    }
    return /^(SCRIPT|STYLE|BUTTON)$/.test(node.nodeName) ? 'skip' : undefined;
  });
  return pieces.join('');
}
