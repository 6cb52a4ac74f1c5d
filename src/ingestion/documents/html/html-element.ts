/** A node of a page: as much of the DOM as the reader uses. */
export interface HtmlNode {
  readonly nodeType: number;
  readonly nodeName: string;
  readonly parentNode: HtmlElement | null;
  readonly firstChild: HtmlNode | null;
  readonly nextSibling: HtmlNode | null;
  textContent: string | null;
  cloneNode(deep: boolean): HtmlNode;
  remove(): void;
  replaceWith(...nodes: (HtmlNode | string)[]): void;
}

/** An element of a page. */
export interface HtmlElement extends HtmlNode {
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  querySelectorAll(selector: string): Iterable<HtmlElement>;
  append(...nodes: (HtmlNode | string)[]): void;
  replaceChildren(...nodes: (HtmlNode | string)[]): void;
}

/** A page. */
export interface HtmlDocument {
  readonly body: HtmlElement;
  createElement(name: string): HtmlElement;
  querySelectorAll(selector: string): Iterable<HtmlElement>;
}

const elementNode = 1;
const textNode = 3;

/** Whether a node is an element. */
export function isElement(node: HtmlNode): node is HtmlElement {
  return node.nodeType === elementNode;
}

/** Whether a node is text. */
export function isText(node: HtmlNode): boolean {
  return node.nodeType === textNode;
}

/** The children of a node, as they are now. */
export function childrenOf(node: HtmlNode): HtmlNode[] {
  const children: HtmlNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

/**
 * Visits every node below a root in order, each once, without recursion. A visit that answers `skip` is not followed by those
 * below the node, which may then be removed or replaced.
 */
export function walk(root: HtmlNode, visit: (node: HtmlNode, depth: number) => 'skip' | undefined): void {
  const open = childrenOf(root)
    .toReversed()
    .map((node) => ({ node, depth: 1 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, depth } = next;
    if (visit(node, depth) === 'skip') continue;
    for (const child of childrenOf(node).toReversed()) open.push({ node: child, depth: depth + 1 });
  }
}

/** Whether a node holds words. Its time is linear in what it holds. */
export function hasWords(node: HtmlNode): boolean {
  return (node.textContent ?? '').trim() !== '';
}
