import { z } from 'zod';
import { articleReply } from '../articles/schemas.ts';

type Article = z.output<typeof articleReply>['data'];

const { id, title, category, tags, status, language, revision, updated_at, embedding } =
  articleReply.shape.data.shape;

/** What a tool shows of an article beside its text. Vectors, hashes and metadata tell an agent nothing. */
export const articleSummary = z.object({
  ...{ id, title, category, tags, status, language, revision, updated_at },
  embedding: embedding
    .pick({ status: true, reason: true, next_step: true })
    .describe('Whether search by meaning finds it, and if not, why and what to do'),
});

/** The summary of an article. */
export function summaryOf(article: Article): z.output<typeof articleSummary> {
  return articleSummary.parse(article);
}
