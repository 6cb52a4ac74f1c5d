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

/** Part of a space's identity: raise it with every change of what `chunkArticle` returns (a golden test guards that). */
export const chunkerVersion = 1;

/** No chunk's estimate is above this: 512, less what a model puts around the text and what the estimate may miss by. */
export const maxChunkTokens = 460;

// A cut that leaves a crumb is taken only where there is no other: a few words alone match badly.
const minChunkTokens = 64;

/** How good a place is for a cut; a heading counts more the higher it stands: h6 is `heading`, h1 is `heading + 5`. */
const rank = { atom: 1, word: 2, line: 3, sentence: 4, codeLine: 5, inner: 6, block: 7, heading: 8 } as const;

// A table's rows, too, are better kept whole than cut at the end of a sentence.
const keepsLines = new Set(['fence', 'code_block', 'html_block', 'table_open']);

const markLength = 32;

// Only the block structure is needed; inline rules would cost time and change nothing.
const markdown = new MarkdownIt();
markdown.core.ruler.enableOnly(['normalize', 'block']);

type Measured = { readonly ranks: Uint8Array; readonly weights: Float64Array; readonly marks: Uint32Array };
type Cut = { at: number; crumb: boolean; place: number; mark: number; offCentre: number };

const sentenceEnd = /[.!?]["'”’)\]]{0,4}\s+(?=\S)|[。！？]["'”’」』）]{0,4}/gu;

/**
 * Cuts an article's text into chunks of at most `maxChunkTokens` estimated tokens. Nothing but blank space at a
 * chunk's ends is left out. Pure: the same article gives the same chunks. Never fails.
 *
 * A span that fits is a chunk; one that does not is cut at its best place, and so on. Which place is best
 * depends on the text beside it alone, never on what stands further up, so an edit moves the cuts of its own
 * neighbourhood and every other chunk keeps its hash.
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

/** For each offset: how good a cut there is (0: never), the estimated tokens before it, and room for its mark. */
function measure(text: string): Measured {
  const ranks = new Uint8Array(text.length + 1);
  const weights = new Float64Array(text.length + 1);
  let tokens = 0;
  let before = '';
  for (const atom of atoms(text)) {
    weights[atom.start] = tokens;
    tokens += atom.tokens;
    ranks[atom.start] = before === '\n' ? rank.line : /\s$/.test(before) ? rank.word : rank.atom;
    before = atom.text;
  }
  weights[text.length] = tokens;
  for (const match of text.matchAll(sentenceEnd)) raise(ranks, match.index + match[0].length, rank.sentence);
  rankBlocks(text, ranks);
  return { ranks, weights, marks: new Uint32Array(text.length + 1) };
}

/** Ranks the starts of Markdown blocks. The body's start stays with the title, and what follows a heading with it. */
function rankBlocks(text: string, ranks: Uint8Array): void {
  const titleEnd = text.indexOf('\n');
  if (titleEnd === -1) return;
  const bodyStart = titleEnd + 2;
  const lineStarts = [bodyStart];
  for (let at = text.indexOf('\n', bodyStart); at !== -1; at = text.indexOf('\n', at + 1))
    lineStarts.push(at + 1);
  let held = bodyStart;
  let afterHeading = false;
  for (const { type, tag, level, map } of markdown.parse(text.slice(bodyStart), {})) {
    const start = map ? lineStarts[map[0]] : undefined;
    if (!map || start === undefined) continue;
    if (level === 0) {
      if (afterHeading) held = start;
      afterHeading = type === 'heading_open';
    }
    const own = level > 0 ? rank.inner : afterHeading ? rank.heading + 6 - Number(tag.slice(1)) : rank.block;
    if (start !== held) raise(ranks, start, own);
    if (!keepsLines.has(type)) continue;
    for (const line of lineStarts.slice(map[0] + 1, map[1])) raise(ranks, line, rank.codeLine);
  }
}

function raise(ranks: Uint8Array, at: number, to: number): void {
  const now = ranks[at];
  if (now !== undefined && now !== 0 && now < to) ranks[at] = to;
}

/** The best cut within a span: of those that leave no crumb the highest rank, then the lowest mark, then the middle. */
function bestCut(text: string, measured: Measured, from: number, to: number): number | undefined {
  const { ranks, weights, marks } = measured;
  const start = weights[from] ?? 0;
  const end = weights[to] ?? 0;
  let best: Cut | undefined;
  for (let at = from + 1; at < to; at++) {
    const place = ranks[at] ?? 0;
    if (place === 0) continue;
    const weight = weights[at] ?? 0;
    const crumb = weight - start < minChunkTokens || end - weight < minChunkTokens;
    if (best && crumb !== best.crumb ? crumb : best && place < best.place) continue;
    marks[at] ||= markAt(text, at);
    const mark = marks[at] ?? 0;
    const offCentre = Math.abs(weight - start - (end - weight));
    const cut = { at, crumb, place, mark, offCentre };
    if (!best || isBetter(cut, best)) best = cut;
  }
  return best?.at;
}

function isBetter(cut: Cut, best: Cut): boolean {
  if (cut.crumb !== best.crumb) return best.crumb;
  if (cut.place !== best.place) return cut.place > best.place;
  if (cut.mark !== best.mark) return cut.mark < best.mark;
  return cut.offCentre < best.offCentre;
}

/**
 * A number made from the start of the line after a cut (FNV-1a). It orders equal places, and stays the same wherever
 * the line moves; it ends with the line, so that an edit below a heading leaves the heading's mark alone.
 */
function markAt(text: string, at: number): number {
  let mark = 0x811c9dc5;
  for (let i = at; i < Math.min(at + markLength, text.length) && text[i] !== '\n'; i++) {
    mark = Math.imul(mark ^ text.charCodeAt(i), 0x01000193);
  }
  return mark >>> 0;
}
