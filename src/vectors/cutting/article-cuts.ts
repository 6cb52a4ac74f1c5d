import { type ArticleSource, articleText } from '../../domain/article-text.ts';
import { type Chunk, type ChunkCut, chunkerVersion, chunksOf, cutText } from '../../domain/chunks.ts';
import type { Transaction } from '../../platform/postgres/database.ts';
import { findCuts, upsertCuts } from './cut-store.ts';
import { isLong } from './cutter.ts';

/** An article's text, by its content hash. */
export interface CuttableArticle {
  readonly articleId: string;
  readonly contentHash: string;
  readonly source: ArticleSource;
}

/** A text and where its chunks lie in it. */
export interface CutText {
  readonly text: string;
  readonly cuts: readonly ChunkCut[];
}

/** The chunks of an article's text, or the text that has to be cut first, outside of the transaction. */
export type FoundChunks =
  | { readonly kind: 'chunks'; readonly chunks: readonly Chunk[] }
  | { readonly kind: 'uncut'; readonly text: string };

/**
 * Finds the chunks of an article. A long text is cut once: each batch of its workflow reads the stored cuts. A short one is cut
 * here, which costs less than the reading.
 */
export async function findChunks(
  tx: Transaction,
  tenantId: string,
  { articleId, contentHash, source }: CuttableArticle,
): Promise<FoundChunks> {
  const text = articleText(source);
  const cuts = isLong(text)
    ? await findCuts(tx, tenantId, { articleId, contentHash, chunkerVersion })
    : cutText(text);
  return cuts === undefined
    ? { kind: 'uncut', text }
    : { kind: 'chunks', chunks: chunksOf(text, source.tags ?? [], cuts) };
}

/** Stores the cuts of an article's long text, in place of those of its text before. Those of a short one are not kept. */
export async function storeCuts(
  tx: Transaction,
  tenantId: string,
  article: Pick<CuttableArticle, 'articleId' | 'contentHash'>,
  { text, cuts }: CutText,
): Promise<void> {
  if (!isLong(text)) return;
  await upsertCuts(tx, tenantId, { ...article, chunkerVersion }, cuts);
}
