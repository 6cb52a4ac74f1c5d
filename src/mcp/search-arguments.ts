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
};

/** The first line of a search that asked for meaning and was served by keywords; undefined for any other. */
export function degradedNotice(
  meta: Pick<z.output<typeof searchMeta>, 'fallback' | 'fallback_reason' | 'next_step'>,
): string | undefined {
  if (!meta.fallback) return undefined;
  const why = meta.fallback_reason === null ? 'unknown' : failureTraits[meta.fallback_reason].title;
  const code = meta.fallback_reason === null ? '' : ` (${meta.fallback_reason})`;
  return `Keyword results only: ${why}${code}.${meta.next_step === null ? '' : ` Next step: ${meta.next_step}`}`;
}
