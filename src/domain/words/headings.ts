import { readLine } from '../chunking/markdown-line.ts';
import type { Span } from './text-units.ts';

/** The headings of a Markdown text, in their order. A line of code is none. */
export function headingsOf(text: string): Span[] {
  const headings: Span[] = [];
  let fence: { readonly mark: string; readonly count: number } | undefined;
  let paragraph: Span | undefined;
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    const { shape } = readLine(text, start, end);
    const above = paragraph;
    paragraph = undefined;
    if (fence !== undefined) {
      const isEnd = shape.kind === 'fence' && shape.bare && shape.mark === fence.mark;
      if (isEnd && shape.count >= fence.count) fence = undefined;
    } else if (shape.kind === 'fence') fence = shape;
    else if (shape.kind === 'heading') headings.push({ start, end });
    else if (shape.kind === 'underline' && above !== undefined) headings.push(above);
    else if (shape.kind === 'text') paragraph = { start, end };
    start = end + 1;
  }
  return headings;
}
