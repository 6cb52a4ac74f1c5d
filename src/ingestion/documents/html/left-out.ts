import { type HtmlElement, hasWords, walk } from './html-element.ts';

/** Styles under which no reader sees an element. Each pattern is tried on the style without blanks. */
const hiddenStyles = [
  /(^|;)display:none/,
  /(^|;)visibility:(hidden|collapse)/,
  /(^|;)opacity:0*(\.0+)?(;|!|$|%)/,
  /(^|;)font-size:0+(\.0+)?(px|pt|em|rem|%)?(;|!|$)/,
  /(^|;)(max-)?(width|height):0+(px|%)?(;|!|$)/,
  /(^|;)(left|top|right|text-indent|margin-left|margin-top):-\d{3,}/,
  /(^|;)clip(-path)?:(rect\(0|rect\(1px|inset\(50%|inset\(100%)/,
  /(^|;)transform:scale\(0\)/,
  /(^|;)color:transparent/,
];
const maxStyleLength = 2_000;

/** Whether an element says that its words are not to be seen. Style sheets are not read. */
export function isHidden(node: HtmlElement): boolean {
  if (node.getAttribute('hidden') !== null || node.getAttribute('aria-hidden') === 'true') return true;
  const style = node.getAttribute('style');
  if (style === null) return false;
  const plain = style.slice(0, maxStyleLength).replaceAll(/\s+/g, '').toLowerCase();
  return hiddenStyles.some((pattern) => pattern.test(plain));
}

const aroundRoles = new Set([
  'navigation',
  'contentinfo',
  'search',
  'dialog',
  'alertdialog',
  'menu',
  'menubar',
  'toolbar',
]);
/** Names of banners that ask for consent. */
const consentNames =
  /cookie|consent|gdpr|ccpa|onetrust|didomi|usercentrics|cybot|cc-window|truste|quantcast|privacy-?(banner|notice|popup|bar)/i;
/** A longer text is no banner, whatever its name: an article on cookies, for one. */
const maxBannerCharacters = 4_000;
const maxNameLength = 500;

/** Whether an element stands around the text: menus, the header and footer of the site, banners, what is shown beside it. */
export function isAround(node: HtmlElement, name: string, within: readonly HtmlElement[]): boolean {
  const inText = within.some(({ nodeName }) => nodeName === 'ARTICLE' || nodeName === 'MAIN');
  if (name === 'NAV' || name === 'DIALOG') return true;
  if (name === 'FOOTER' || name === 'ASIDE') return !inText;
  if (name === 'HEADER') return !inText && !hasElement(node, /^H1$/);
  if (aroundRoles.has((node.getAttribute('role') ?? '').toLowerCase())) return true;
  return isBanner(node);
}

function isBanner(node: HtmlElement): boolean {
  const names = `${node.getAttribute('id') ?? ''} ${node.getAttribute('class') ?? ''}`.slice(
    0,
    maxNameLength,
  );
  if (!consentNames.test(names) || !hasWords(node)) return false;
  if ((node.textContent ?? '').length > maxBannerCharacters) return false;
  return !hasElement(node, /^(ARTICLE|MAIN|H1)$/);
}

function hasElement(node: HtmlElement, name: RegExp): boolean {
  let found = false;
  walk(node, ({ nodeName }) => {
    found ||= name.test(nodeName);
    return found ? 'skip' : undefined;
  });
  return found;
}
