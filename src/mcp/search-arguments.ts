import { z } from 'zod';
import { categories } from '../articles/article.ts';
import { failureTraits } from '../domain/failures.ts';
import type { searchMeta } from '../search/schemas.ts';

/** The arguments that `search` and `context` share. */
export const searchFilters = {
  mode: z
    .enum(['hybrid', 'keyword', 'semantic'])
    .default('hybrid')
    .describe('hybrid is best for nearly everything; keyword for exact names and codes'),
  category: z.enum(categories).optional(),
  tags: z
    .array(z.string().min(1).max(100))
    .max(50)
    .optional()
    .describe('Only articles with these tags; compared without case'),
  tags_match: z.enum(['all', 'any']).default('all'),
  rerank: z
    .boolean()
    .default(false)
    .describe('true: better order, by one more paid call, where the embedding provider has reranking'),
};

/** The first line of a search that got less than it asked for, meaning or reranking; undefined for any other. */
export function degradedNotice(
  meta: Pick<z.output<typeof searchMeta>, 'fallback' | 'fallback_reason' | 'rerank_reason' | 'next_step'>,
): string | undefined {
  if (!meta.fallback && meta.rerank_reason !== null) {
    const { title, nextStep } = failureTraits[meta.rerank_reason];
    return `Not reranked: ${title} (${meta.rerank_reason}). Next step: ${nextStep}`;
  }
  if (!meta.fallback) return undefined;
  const why = meta.fallback_reason === null ? 'unknown' : failureTraits[meta.fallback_reason].title;
  const code = meta.fallback_reason === null ? '' : ` (${meta.fallback_reason})`;
  return `Keyword results only: ${why}${code}.${meta.next_step === null ? '' : ` Next step: ${meta.next_step}`}`;
}
