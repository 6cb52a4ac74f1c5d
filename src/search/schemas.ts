import { z } from 'zod';
import { categories } from '../articles/article.ts';
import { tagsFilter, tagsMatch } from '../articles/schemas.ts';
import { failureCodes } from '../domain/failures.ts';
import { cursor } from '../platform/http/cursor.ts';
import { limit, text } from '../platform/http/schemas.ts';
import { leastNamed, maxCursorCharacters, maxSeen, modes, sealedCursor } from './cursor.ts';
import { sources } from './fusion.ts';
import { leastPart, partWeight, tailWeight } from './ranking.ts';

/** What the search route takes and answers. */

const orBetweenWords = /(^|[^\p{L}\p{N}])or(?=$|[^\p{L}\p{N}])/giu;

/** Whether there is a letter, a number or a symbol (🦉) in it beside the operators. */
function asksForSomething(q: string): boolean {
  return /[\p{L}\p{N}\p{So}]/u.test(q.replace(orBetweenWords, '$1'));
}

/** A query: something to look for, and not operators and punctuation alone. */
export const searchText = z
  .string('is required')
  .trim()
  .pipe(text({ max: 500 }))
  .refine((q) => q === '' || asksForSomething(q), 'holds nothing to search for')
  .describe(
    'Words, a question, `"a phrase"`, `this or that`, `-without`. By words, an article with all of them comes before one with some; where something is quoted, none with only some comes. By meaning, quotes mean nothing. What is excluded comes in no mode. A word that no article has is taken for the one that it is most like, when nothing would be found else.',
  );

/** The modes as they are asked for. */
export const searchMode = z
  .enum([...modes, 'combined'])
  .default('hybrid')
  .transform((mode) => (mode === 'combined' ? 'hybrid' : mode))
  .describe('`combined` is another name for `hybrid`');

export const searchQuerySchema = z.strictObject({
  q: searchText,
  mode: searchMode,
  category: z.enum(categories).optional(),
  tags: tagsFilter,
  tags_match: tagsMatch,
  limit: limit({ default: 10 }),
  cursor: cursor(sealedCursor, maxCursorCharacters)
    .optional()
    .describe('`meta.next_cursor` of the page before, with the same query; `limit` may change'),
});

const rank = z.int().min(1).nullable();

export const searchHit = z
  .object({
    id: z.uuid(),
    title: z.string(),
    category: z.enum(categories),
    tags: z.array(z.string()),
    score: z
      .number()
      .describe(
        `keyword: 0.5 to 1 with all the words, below 0.5 with some; semantic: cosine of the best passage; hybrid: weighted sum of reciprocal ranks, where the rank by words weighs ${partWeight} with some of the words only, and ${tailWeight} with less than ${leastPart} of the query`,
      ),
    snippet: z
      .string()
      .describe('Safe HTML: the text is escaped, matched words are in `<mark>`; or the best passage'),
    matched: z.array(z.enum(sources)).describe('Which rankings have it'),
    ranks: z
      .object({ keyword: rank, semantic: rank })
      .describe('Its place in each ranking, from 1; null where a ranking does not have it or was not asked'),
  })
  .meta({ id: 'SearchHit' });

/** What a search did, beside its hits. */
export const searchMeta = z.object({
  mode: z.enum(modes),
  served_mode: z.enum(modes),
  fallback: z.boolean().describe('Keywords served a search that asked for more'),
  fallback_reason: z
    .enum(failureCodes)
    .nullable()
    .describe('Why; null with a fallback when the first vectors are still being made (see `coverage`)'),
  coverage: z
    .object({ published: z.int(), embedded: z.int() })
    .describe('How many articles are published, and how many of them a search by meaning finds now'),
  retry_at: z.iso
    .datetime()
    .nullable()
    .describe('When another try by meaning makes sense, where that is known'),
});

export const searchReply = z.object({
  data: z.array(searchHit),
  meta: searchMeta.extend({
    next_cursor: z
      .string()
      .nullable()
      .describe(
        `Of the next page. Whatever is written meanwhile, no page shows an article again, unless it is edited when keywords have shown ${leastNamed} others since; one that an edit lifts above what they have shown is missed. Keywords serve the rest of a search that they had to serve; a search by meaning ends after some ${maxSeen} articles`,
      ),
  }),
});
