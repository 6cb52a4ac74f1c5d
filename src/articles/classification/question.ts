import { z } from 'zod';
import { categories } from '../article.ts';
import { categoryLines } from '../category-meanings.ts';
import { quoteArticle, quotedDataRule } from '../quoted-article.ts';

/** What the model answers: the category, and how sure it is. */
export const classificationAnswer = z.strictObject({ category: z.enum(categories), confidence: z.number() });
export type ClassificationAnswer = z.output<typeof classificationAnswer>;

/** An answer has two short fields. The rest is room for the spaces that a model may write. */
export const maxAnswerTokens = 200;

/** The kind of a text shows within its first pages, and a whole book would cost a hundred times as much. */
const maxCharacters = 8_000;

/** The instructions. They are the same for every article, so that the provider can keep them. */
export const classificationSystem = [
  'You sort the articles of a knowledge base into categories. You are shown one article and answer with the category that fits',
  'the article as a whole best, and with your confidence from 0 (a guess) to 1 (sure).',
  '',
  'The categories:',
  categoryLines,
  '',
  quotedDataRule,
].join('\n');

/** The question about one article: its title and the beginning of its text. */
export function classificationPrompt({
  title,
  body,
}: {
  readonly title: string;
  readonly body: string;
}): string {
  return quoteArticle({ title, body: beginningOf(body) });
}

/** The confidence as it is kept: a model may write any number. */
export function confidenceOf({ confidence }: ClassificationAnswer): number {
  return Number.isFinite(confidence) ? Math.min(1, Math.max(0, confidence)) : 0;
}

/** The first characters of a text, without half of a character at the end. */
function beginningOf(text: string): string {
  return text.slice(0, maxCharacters).replace(/[\uD800-\uDBFF]$/, '');
}
