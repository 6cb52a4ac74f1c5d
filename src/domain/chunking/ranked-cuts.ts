import { bodyStartOf } from '../article-text.ts';
import { centitokens } from '../tokens.ts';
import { atomEnd } from './atoms.ts';
import { type BlockStart, visitBlockStarts } from './block-starts.ts';
import { createOutline, type Outline } from './outline.ts';
import { createSentenceEnds, isSpace } from './sentence-ends.ts';
import { indexFrom } from './sorted-search.ts';

/** How good an offset is for a cut. Higher headings rank higher: h6 is `heading`, h1 is `heading + 5`. */
const cutRank = {
  atom: 1,
  word: 2,
  line: 3,
  sentence: 4,
  codeLine: 5,
  inner: 6,
  block: 7,
  heading: 8,
} as const;

const newline = 0x0a;

/** The offsets at which a text may be cut, in their order. */
export interface RankedCuts {
  readonly count: number;
  readonly offsets: Uint32Array;
  readonly ranks: Uint8Array;
  /** The estimated tokens before each, in hundredths. */
  readonly weights: Float64Array;
  /** The estimated tokens of the text, in hundredths. */
  readonly total: number;
  /** The headings and the tables of the text. */
  readonly outline: Outline;
}

/** Ranks the offsets of a text: the starts of its atoms. */
export function rankCuts(text: string): RankedCuts {
  const offsets = new Uint32Array(text.length);
  const ranks = new Uint8Array(text.length);
  const weights = new Float64Array(text.length);
  const endsSentence = createSentenceEnds();
  let count = 0;
  let total = 0;
  let behind: number = cutRank.atom;
  for (let start = 0, end: number; start < text.length; start = end) {
    end = atomEnd(text, start);
    const first = text.charCodeAt(start);
    offsets[count] = start;
    weights[count] = total;
    ranks[count] = endsSentence(first) ? cutRank.sentence : behind;
    const isBlank = isSpace(text.charCodeAt(end - 1));
    behind = first === newline ? cutRank.line : isBlank ? cutRank.word : cutRank.atom;
    total += centitokens(text, start, end);
    count += 1;
  }
  const outline = createOutline(text);
  const cuts = { count, offsets, ranks, weights, total, outline };
  rankBlocks(text, cuts);
  return cuts;
}

/** Raises the starts of Markdown blocks. The body's start stays with the title, and a block after a heading stays with it. */
function rankBlocks(text: string, { count, offsets, ranks, outline }: RankedCuts): void {
  const bodyStart = bodyStartOf(text);
  let unrankedStart = bodyStart;
  let lastStart = bodyStart;
  let afterHeading = false;
  visitBlockStarts(text, bodyStart, (start, block) => {
    outline.note(start, block);
    if (block.kind === 'delimiter') return;
    if (afterHeading && start !== lastStart) unrankedStart = start;
    afterHeading = block.kind === 'heading';
    lastStart = start;
    if (start === unrankedStart) return;
    const index = indexFrom(offsets, count, start);
    if (offsets[index] === start) ranks[index] = Math.max(ranks[index] ?? 0, rankOf(block));
  });
}

function rankOf(block: Exclude<BlockStart, { kind: 'delimiter' }>): number {
  return block.kind === 'heading' ? cutRank.heading + 6 - block.level : cutRank[block.kind];
}
