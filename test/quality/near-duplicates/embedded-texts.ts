import { z } from 'zod';
import type { ArticleSource } from '../../../src/domain/article-text.ts';
import { type Chunk, chunkArticle } from '../../../src/domain/chunks.ts';
import { passages } from '../../../src/proposals/text.ts';
import { normalised, type WeighedVector } from './formulas.ts';

export const model = 'multilingual-e5-small';
const answerSchema = z.object({ data: z.array(z.object({ embedding: z.array(z.number()) })) });

/** An article's chunks with their vectors. */
export type EmbeddedText = (article: ArticleSource) => WeighedVector[];

/**
 * Embeds the chunks of all these articles, each distinct chunk once, with the local model; answers how to look an article up.
 * Fails when the server does.
 */
export async function embedTexts(
  embeddingUrl: string,
  articles: readonly ArticleSource[],
  onProgress: (done: number, all: number) => void = () => undefined,
): Promise<EmbeddedText> {
  const chunks = new Map(articles.flatMap(comparedChunks).map((chunk) => [chunk.hash, chunk]));
  const vectors = new Map<string, readonly number[]>();
  for (const chunk of chunks.values()) {
    vectors.set(chunk.hash, await embedChunk(embeddingUrl, chunk));
    onProgress(vectors.size, chunks.size);
  }
  return (article) =>
    comparedChunks(article).map(({ hash, approxTokens }) => {
      const vector = vectors.get(hash);
      if (vector === undefined) throw new Error(`"${article.title}" was not embedded`);
      return { vector, weight: approxTokens };
    });
}

/** The chunks that the gate compares. */
const comparedChunks = (article: ArticleSource) => passages(chunkArticle(article));

async function embedChunk(embeddingUrl: string, { input }: Chunk): Promise<readonly number[]> {
  const response = await fetch(`${embeddingUrl}/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, input: [input], input_type: 'passage' }),
  });
  const answer: unknown = await response.json();
  const [first] = answerSchema.parse(answer).data;
  if (first === undefined)
    throw new Error(`the embedding server answered ${response.status} without a vector`);
  return normalised(first.embedding);
}
