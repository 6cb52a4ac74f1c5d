import { type ArticleSource, articleText, contentHash } from './article-text.ts';
import { createBestCut } from './chunking/best-cuts.ts';
import { rankCuts } from './chunking/ranked-cuts.ts';

/** A piece of an article's text, small enough for any embedding model; its hash is its identity. */
export type Chunk = {
  readonly position: number;
  readonly text: string;
  readonly hash: string;
  readonly approxTokens: number;
};

/** Where a chunk lies in the text of its article, which is enough to have it again. */
export interface ChunkCut {
  readonly start: number;
  readonly end: number;
  readonly hash: string;
  readonly approxTokens: number;
}

/** Part of a space's identity. Raise it with every change of what `cutText` returns; a golden test guards that. */
export const chunkerVersion = 2;

/** The most estimated tokens of a chunk: 512, less the tokens that a model adds to the text and the error of the estimate. */
export const maxChunkTokens = 460;

/** A shorter piece is a crumb: a few words alone match badly. */
const minChunkTokens = 64;

const hundredth = 100;

/** Cuts an article's text into chunks, as `cutText` does. */
export function chunkArticle(article: ArticleSource): Chunk[] {
  const text = articleText(article);
  return chunksOf(text, cutText(text));
}

/** The chunks of a text that has been cut. */
export function chunksOf(text: string, cuts: readonly ChunkCut[]): Chunk[] {
  return cuts.map(({ start, end, hash, approxTokens }, position) => ({
    position,
    text: text.slice(start, end),
    hash,
    approxTokens,
  }));
}

/**
 * Cuts a text into chunks of at most `maxChunkTokens` estimated tokens. Only blank space at the ends of a chunk is left out.
 * Pure: the same text gives the same chunks. Never fails. The steps are the text's length times its logarithm at most.
 *
 * A span that fits is a chunk; a longer one is cut at its best offset, and the two parts are treated alike. The best offset
 * depends only on the text beside it, never on the text further up, so an edit moves the cuts near it and every other chunk
 * keeps its hash.
 */
export function cutText(text: string): ChunkCut[] {
  const ranked = rankCuts(text);
  const { offsets, weights, total } = ranked;
  const maxWeight = maxChunkTokens * hundredth;
  if (total <= maxWeight) return pieces(text, 0, text.length, total);

  const bestCut = createBestCut(text, ranked, minChunkTokens * hundredth);
  const chunks: ChunkCut[] = [];
  const spans = [{ from: 0, fromWeight: 0, to: text.length, toWeight: total }];
  for (let span = spans.pop(); span !== undefined; span = spans.pop()) {
    const { from, fromWeight, to, toWeight } = span;
    const index = toWeight - fromWeight > maxWeight ? bestCut(fromWeight, toWeight) : undefined;
    const at = index === undefined ? undefined : offsets[index];
    const atWeight = index === undefined ? undefined : weights[index];
    if (at === undefined || atWeight === undefined) {
      chunks.push(...pieces(text, from, to, toWeight - fromWeight));
      continue;
    }
    spans.push(
      { from: at, fromWeight: atWeight, to, toWeight },
      { from, fromWeight, to: at, toWeight: atWeight },
    );
  }
  return chunks;
}

/** The chunk of a span; none of a blank one. */
function pieces(text: string, from: number, to: number, weight: number): ChunkCut[] {
  const span = text.slice(from, to);
  const piece = span.trim();
  if (piece === '') return [];
  const start = from + span.length - span.trimStart().length;
  const approxTokens = Math.max(1, Math.ceil(weight / hundredth));
  return [{ start, end: start + piece.length, hash: contentHash(piece), approxTokens }];
}
