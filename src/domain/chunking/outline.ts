import { headingWords, maxHeadingCharacters } from '../heading-path.ts';
import { estimateTokens, startWithin } from '../tokens.ts';
import type { BlockStart } from './block-starts.ts';

/** From where to where a part of a text lies. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The headings and tables of a text. */
export interface Outline {
  /** Notes a block; the blocks come in the order of the text. */
  note(start: number, block: BlockStart): void;
  /** The headings above an offset, such as `Storage > Backups`. One that the offset lies in is not above it. */
  pathAt(offset: number): string;
  /** The head of the table in whose rows an offset lies, its line of dashes included; none of a very wide table. */
  tableHeadAt(offset: number): Range | undefined;
}

interface Heading extends Range {
  readonly level: number;
  readonly above: Heading | undefined;
}

/** What is open from `start` on. */
interface State {
  readonly start: number;
  readonly heading: Heading | undefined;
  readonly head: Range | undefined;
}

/** The most estimated tokens of the headings in front of a chunk. Of a longer path the highest headings are left out. */
export const maxPathTokens = 40;
/** The most estimated tokens of a table's head in front of a chunk, some twelve columns. */
export const maxHeadTokens = 100;
/** A head with more, blanks that align its columns included, is taken for a wide one. */
const maxHeadCharacters = 4_000;

/** Creates the outline of a text. A question costs a logarithm of the number of headings and tables. */
export function createOutline(text: string): Outline {
  const states: State[] = [];
  let heading: Heading | undefined;
  let head: Range | undefined;

  const stateAt = (offset: number): State | undefined => {
    let low = 0;
    let high = states.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((states[middle]?.start ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return states[low - 1];
  };

  return {
    note(start, block) {
      // A row, or a line of code.
      if (block.kind === 'codeLine') return;
      const ends = head !== undefined;
      head = undefined;
      if (block.kind === 'delimiter') {
        const above = { start: text.lastIndexOf('\n', start - 2) + 1, end: block.end };
        if (isNarrow(text, above)) head = above;
      }
      if (block.kind === 'heading') {
        let above = heading;
        while (above !== undefined && above.level >= block.level) above = above.above;
        heading = { start, end: block.end, level: block.level, above };
      }
      if (ends || block.kind === 'heading' || head !== undefined) states.push({ start, heading, head });
    },

    pathAt(offset) {
      const nearest = stateAt(offset)?.heading;
      return pathOf(text, nearest !== undefined && offset <= nearest.end ? nearest.above : nearest);
    },

    tableHeadAt(offset) {
      const found = stateAt(offset)?.head;
      return found !== undefined && offset > found.end ? found : undefined;
    },
  };
}

/** The head of a table, without the blanks and dashes that align its columns for a reader of the source. */
export function headText(text: string, { start, end }: Range): string {
  return text
    .slice(start, end)
    .replace(/[ \t]+/g, ' ')
    .replace(/-{3,}/g, '---');
}

function isNarrow(text: string, head: Range): boolean {
  return head.end - head.start <= maxHeadCharacters && estimateTokens(headText(text, head)) <= maxHeadTokens;
}

/** The words of a heading and of those above it, as many of the nearest as fit. Levels ascend, so there are six at most. */
function pathOf(text: string, nearest: Heading | undefined): string {
  let path = '';
  for (let each = nearest; each !== undefined; each = each.above) {
    const words = headingWords(text.slice(each.start, Math.min(each.end, each.start + maxHeadingCharacters)));
    if (words === '') continue;
    const longer = path === '' ? startWithin(words, maxPathTokens) : `${words} > ${path}`;
    if (estimateTokens(longer) > maxPathTokens) break;
    path = longer;
  }
  return path;
}
