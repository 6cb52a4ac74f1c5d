import { z } from 'zod';
import { estimateTokens } from '../../domain/tokens.ts';
import { type Article, categories } from '../article.ts';
import { quoteArticle, quotedDataRule } from '../quoted-article.ts';

/** What the model answers. It chooses these fields and nothing else of the draft. */
export const mergeAnswer = z.strictObject({
  title: z.string(),
  body: z.string(),
  category: z.enum(categories),
  tags: z.array(z.string()),
});
export type MergeAnswer = z.output<typeof mergeAnswer>;

type Source = Pick<Article, 'title' | 'body' | 'category' | 'tags'>;

/** The most tokens of both texts: some twenty pages. A model writes as much again within the time of the call. */
const maxSourceTokens = 6_000;
/** Above it a text has more tokens than that, whatever it says: a token has at most some dozen characters. */
const maxSourceCharacters = 100_000;

/** An answer says what both texts say, in JSON. One that is longer than this is cut off, and then nothing is drafted. */
export const maxMergedTokens = 8_000;

/** The instructions. They are the same for every pair, so that the provider can keep them. */
export const mergeSystem = [
  'You merge two articles of a knowledge base into one. You keep every fact, number, name, condition and piece of code of both,',
  'and say what both say once. Where they contradict each other you give both statements and say that they differ. You add',
  'nothing of your own. The body is Markdown, in the language of the articles. The title is one line. The category is the one',
  'that fits the merged article best. The tags are short; name none that the articles have already.',
  '',
  quotedDataRule,
].join('\n');

/** The question about two articles. */
export function mergePrompt(sources: readonly Source[]): string {
  return sources.map(quoteArticle).join('\n\n');
}

/** Whether the articles are too long to be merged in one call. The time is bounded for any text. */
export function areTooLong(sources: readonly Source[]): boolean {
  const texts = sources.flatMap(({ title, body }) => [title, body]);
  const characters = texts.reduce((sum, text) => sum + text.length, 0);
  if (characters > maxSourceCharacters) return true;
  return texts.reduce((sum, text) => sum + estimateTokens(text), 0) > maxSourceTokens;
}
