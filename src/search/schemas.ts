import { z } from 'zod';
import { categories } from '../articles/article.ts';
import { tagsFilter } from '../articles/schemas.ts';
import { failureCodes } from '../domain/failures.ts';
import { cursor } from '../platform/http/cursor.ts';
import { limit, text } from '../platform/http/schemas.ts';
import { maxPosition } from './service.ts';

/** What the search route takes and answers. */

const modes = ['keyword', 'semantic', 'hybrid'] as const;
const sources = ['keyword', 'semantic'] as const;

/** Where a page ended, and of which search. */
const place = z.object({ mode: z.enum(modes), query: z.string(), position: z.int().min(1).max(maxPosition) });

export const searchQuerySchema = z.strictObject({
  q: z
    .string('is required')
    .trim()
    .pipe(text({ max: 500 }))
    .describe('Words, "a phrase", -without, or a question'),
  mode: z
    .enum([...modes, 'combined'])
    .default('hybrid')
    .transform((mode) => (mode === 'combined' ? 'hybrid' : mode))
    .describe('`combined` is another name for `hybrid`'),
  category: z.enum(categories).optional(),
  tags: tagsFilter,
  limit: limit({ default: 10 }),
  cursor: cursor(place).optional().describe('`meta.next_cursor` of the page before, with the same query'),
});

export const searchReply = z.object({
  data: z.array(
    z
      .object({
        id: z.uuid(),
        title: z.string(),
        category: z.enum(categories),
        tags: z.array(z.string()),
        score: z
          .number()
          .describe('keyword: text rank, 0 to 1; semantic: cosine; hybrid: sum of reciprocal ranks'),
        snippet: z
          .string()
          .describe('Safe HTML: the text is escaped, matched words are in `<mark>`; or the best passage'),
        matched: z.array(z.enum(sources)),
      })
      .meta({ id: 'SearchHit' }),
  ),
  meta: z.object({
    mode: z.enum(modes),
    served_mode: z.enum(modes),
    fallback: z.boolean().describe('Keywords served a search that asked for more'),
    fallback_reason: z
      .enum(failureCodes)
      .nullable()
      .describe('Why; null with a fallback when the first vectors are still being made (see `coverage`)'),
    coverage: z.object({ published: z.int(), embedded: z.int() }),
    retry_at: z.iso.datetime().nullable(),
    next_cursor: z.string().nullable(),
  }),
});
