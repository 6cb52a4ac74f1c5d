import MarkdownIt from 'markdown-it';
import { type ArticleSource, articleText, contentHash } from './article-text.ts';
import { atoms } from './tokens.ts';

/** A piece of an article's text, small enough for any embedding model; its hash is its identity. */
export type Chunk = {
  readonly position: number;
  readonly text: string;
  readonly hash: string;
  readonly approxTokens: number;
};

/** Part of a space's identity. Raise it with every change of what `chunkArticle` returns; a golden test guards that. */
export const chunkerVersion = 1;

/** The most estimated tokens of a chunk: 512, less the tokens that a model adds to the text and the error of the estimate. */
export const maxChunkTokens = 460;

// A shorter piece is a crumb. A cut that leaves a crumb is the last choice: a few words alone match badly.
const minChunkTokens = 64;

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

// Blocks that are cut between lines: a row of a table, too, is better whole than cut at the end of a sentence.
const keepsLines = new Set(['fence', 'code_block', 'html_block', 'table_open']);

const markLength = 32;

// Only the block structure is needed; inline rules would cost time and change nothing.
const markdown = new MarkdownIt();
markdown.core.ruler.enableOnly(['normalize', 'block']);

type Measured = { readonly ranks: Uint8Array; readonly weights: Float64Array; readonly marks: Uint32Array };
type Cut = { at: number; crumb: boolean; rank: number; mark: number; offCentre: number };

const sentenceEnd = /[.!?]["'”’)\]]{0,4}\s+(?=\S)|[。！？]["'”’」』）]{0,4}/gu;

/**
 * Cuts an article's text into chunks of at most `maxChunkTokens` estimated tokens. Only blank space at the ends of a chunk is
 * left out. Pure: the same article gives the same chunks. Never fails.
 *
 * A span that fits is a chunk; a longer one is cut at its best offset, and the two parts are treated alike. The best offset
 * depends only on the text beside it, never on the text further up, so an edit moves the cuts near it and every other chunk
 * keeps its hash.
 */
export function chunkArticle(article: ArticleSource): Chunk[] {
  const text = articleText(article);
  const measured = measure(text);
  const chunks: Chunk[] = [];
  const spans = [{ from: 0, to: text.length }];
  for (let span = spans.pop(); span !== undefined; span = spans.pop()) {
    const { from, to } = span;
    const tokens = (measured.weights[to] ?? 0) - (measured.weights[from] ?? 0);
    const at = tokens > maxChunkTokens ? bestCut(text, measured, from, to) : undefined;
    if (at !== undefined) {
      spans.push({ from: at, to }, { from, to: at });
      continue;
    }
    const piece = text.slice(from, to).trim();
    if (piece === '') continue;
    const approxTokens = Math.max(1, Math.ceil(tokens));
    chunks.push({ position: chunks.length, text: piece, hash: contentHash(piece), approxTokens });
  }
  return chunks;
}

/** For each offset: the rank of a cut there (0: none), the estimated tokens before it, and an empty slot for its mark. */
function measure(text: string): Measured {
  const ranks = new Uint8Array(text.length + 1);
  const weights = new Float64Array(text.length + 1);
  let tokens = 0;
  let before = '';
  for (const atom of atoms(text)) {
    weights[atom.start] = tokens;
    tokens += atom.tokens;
    ranks[atom.start] = before === '\n' ? cutRank.line : /\s$/.test(before) ? cutRank.word : cutRank.atom;
    before = atom.text;
  }
  weights[text.length] = tokens;
  for (const match of text.matchAll(sentenceEnd))
    raise(ranks, match.index + match[0].length, cutRank.sentence);
  rankBlocks(text, ranks);
  return { ranks, weights, marks: new Uint32Array(text.length + 1) };
}

/** Ranks the starts of Markdown blocks. The body's start stays with the title, and a block after a heading stays with it. */
function rankBlocks(text: string, ranks: Uint8Array): void {
  const titleEnd = text.indexOf('\n');
  if (titleEnd === -1) return;
  const bodyStart = titleEnd + 2;
  const lineStarts = [bodyStart];
  for (let at = text.indexOf('\n', bodyStart); at !== -1; at = text.indexOf('\n', at + 1))
    lineStarts.push(at + 1);
  let unrankedStart = bodyStart;
  let afterHeading = false;
  for (const { type, tag, level, map } of markdown.parse(text.slice(bodyStart), {})) {
    const start = map ? lineStarts[map[0]] : undefined;
    if (!map || start === undefined) continue;
    if (level === 0) {
      if (afterHeading) unrankedStart = start;
      afterHeading = type === 'heading_open';
    }
    const headingRank = cutRank.heading + 6 - Number(tag.slice(1));
    const own = level > 0 ? cutRank.inner : afterHeading ? headingRank : cutRank.block;
    if (start !== unrankedStart) raise(ranks, start, own);
    if (!keepsLines.has(type)) continue;
    for (const line of lineStarts.slice(map[0] + 1, map[1])) raise(ranks, line, cutRank.codeLine);
  }
}

function raise(ranks: Uint8Array, at: number, to: number): void {
  const now = ranks[at];
  if (now !== undefined && now !== 0 && now < to) ranks[at] = to;
}

/** The best cut within a span: one that leaves no crumb, then the highest rank, then the lowest mark, then the most central. */
function bestCut(text: string, measured: Measured, from: number, to: number): number | undefined {
  const { ranks, weights, marks } = measured;
  const start = weights[from] ?? 0;
  const end = weights[to] ?? 0;
  let best: Cut | undefined;
  for (let at = from + 1; at < to; at++) {
    const rank = ranks[at] ?? 0;
    if (rank === 0) continue;
    const weight = weights[at] ?? 0;
    const crumb = weight - start < minChunkTokens || end - weight < minChunkTokens;
    if (best && crumb !== best.crumb ? crumb : best && rank < best.rank) continue;
    marks[at] ||= markAt(text, at);
    const mark = marks[at] ?? 0;
    const offCentre = Math.abs(weight - start - (end - weight));
    const cut = { at, crumb, rank, mark, offCentre };
    if (!best || isBetter(cut, best)) best = cut;
  }
  return best?.at;
}

function isBetter(cut: Cut, best: Cut): boolean {
  if (cut.crumb !== best.crumb) return best.crumb;
  if (cut.rank !== best.rank) return cut.rank > best.rank;
  if (cut.mark !== best.mark) return cut.mark < best.mark;
  return cut.offCentre < best.offCentre;
}

/**
 * A hash (FNV-1a) of the start of the line after a cut. It orders cuts of one rank and does not change when the line moves. It
 * covers nothing after the line, so that an edit below a heading does not change the heading's mark.
 */
function markAt(text: string, at: number): number {
  let mark = 0x811c9dc5;
  for (let i = at; i < Math.min(at + markLength, text.length) && text[i] !== '\n'; i++) {
    mark = Math.imul(mark ^ text.charCodeAt(i), 0x01000193);
  }
  return mark >>> 0;
}
