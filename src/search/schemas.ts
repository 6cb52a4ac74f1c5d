import { z } from 'zod';
import { categories } from '../articles/article.ts';
import { tagsFilter, tagsMatch } from '../articles/schemas.ts';
import { failureCodes } from '../domain/failures.ts';
import { hasVisible } from '../domain/visible-text.ts';
import { cursor } from '../platform/http/cursor.ts';
import { guidanceShape } from '../platform/http/guidance.ts';
import { limit, text } from '../platform/http/schemas.ts';
import { clientCursor, maxCursorCharacters } from './client-cursor.ts';
import { modes } from './cursor.ts';
import { sources } from './fusion.ts';
import { wordStatuses } from './keyword/resolution.ts';
import { leastRelevant } from './relevance.ts';
import { rerankedHits } from './rerank-candidates.ts';
import { maxSeenIds, minSeenByKeyword } from './seen-ids.ts';

/** The schemas of the search route. */

const orBetweenWords = /(^|[^\p{L}\p{N}])or(?=$|[^\p{L}\p{N}])/giu;

/** Whether the query contains a letter, a number or a symbol (🦉) that can be seen, beside the operators. */
function asksForSomething(q: string): boolean {
  const asked = q.replace(orBetweenWords, '$1').match(/[\p{L}\p{N}\p{So}]/gu) ?? [];
  return hasVisible(asked.join(''));
}

/** The text of a query. Operators and punctuation alone are refused. */
export const searchText = z
  .string('is required')
  .trim()
  .pipe(text({ max: 500 }))
  .refine((q) => q === '' || asksForSomething(q), 'holds nothing to search for')
  .describe(
    'Words or a question. `"a phrase"` has to be there, of `this or that` one is enough, `-without` excludes in every mode, `begin*` finds words that begin so. Articles with all of the words come first where these are four at most. Case, width, accents and endings change the order alone. A word that no article has is tried as the beginning of a word, replaced by the most similar word of your articles, or left out: `meta.words` says which. By meaning, quotes have no effect.',
  );

/** The `mode` parameter. */
export const searchMode = z
  .enum([...modes, 'combined'])
  .default('hybrid')
  .transform((mode) => (mode === 'combined' ? 'hybrid' : mode))
  .describe('`combined` is another name for `hybrid`');

/** The `rerank` parameter. */
const rerank = z
  .enum(['true', 'false'], 'must be true or false')
  .default('false')
  .transform((given) => given === 'true')
  .describe(
    `\`true\`: the embedding provider orders the first ${rerankedHits} hits of each page, where it has reranking (see \`GET /providers\`). Their titles and passages go to it, on the tenant's own key, by one more call`,
  );

const relevanceBounds = 'must be a number from 0 to 1, such as 0.5';

/** The `min_relevance` parameter. */
export const minRelevance = z.preprocess(
  (given) => (typeof given === 'string' && /^(\d|\d?\.\d{1,20})$/.test(given) ? Number(given) : given),
  z.number(relevanceBounds).min(0, relevanceBounds).max(1, relevanceBounds),
);

export const searchQuerySchema = z.strictObject({
  q: searchText,
  mode: searchMode,
  category: z.enum(categories).optional(),
  tags: tagsFilter,
  tags_match: tagsMatch,
  rerank,
  limit: limit({ default: 10 }),
  min_relevance: minRelevance
    .optional()
    .describe(
      `Leaves out hits of less \`relevance\`, so that a page may have fewer than \`limit\`; ${leastRelevant} leaves the relevant ones`,
    ),
  cursor: cursor(clientCursor, maxCursorCharacters)
    .optional()
    .describe(
      '`meta.next_cursor` of the page before, with the same query; `limit` may change. Some cursors expire after an hour',
    ),
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
        'It orders the hits of one search; `relevance` compares searches. keyword: 0.5 to 1 with all of the words, below 0.5 with some; of more than four words, 0 to 1 by their evidence. semantic: cosine of the nearest passage. hybrid: the similarity above that of any text, and the evidence of the words',
      ),
    relevance: z
      .number()
      .min(0)
      .max(1)
      .describe(
        `How likely it is about what was asked; from ${leastRelevant} on it counts as relevant. It means the same in all searches of a tenant and with every model, but by words alone it misses what is said in other words`,
      ),
    snippet: z
      .string()
      .describe(
        'Safe HTML: the passage that matched, wherever it stands in the body, escaped, with the matched words in `<mark>`; by meaning, the nearest passage. A row of a table comes behind its header row. The beginning of the body where only title or tags match',
      ),
    heading: z
      .string()
      .nullable()
      .describe('The headings above the passage, from the highest: `Storage > Backups`; null without any'),
    matched: z.array(z.enum(sources)).describe('The rankings that have found it'),
    ranks: z
      .object({ keyword: rank, semantic: rank })
      .describe('Its rank in each ranking, from 1; null where a ranking has not found it or was not used'),
  })
  .meta({ id: 'SearchHit' });

/** What the search did. */
export const searchMeta = z.object({
  mode: z.enum(modes),
  served_mode: z.enum(modes),
  fallback: z.boolean().describe('Whether keywords served a search that asked for more'),
  fallback_reason: z
    .enum(failureCodes)
    .nullable()
    .describe('Why; `vectors_pending` while the first vectors are being made (see `coverage`)'),
  ...guidanceShape,
  coverage: z
    .object({ published: z.int(), embedded: z.int() })
    .describe('The number of published articles, and of those that search by meaning finds now'),
  words: z
    .array(
      z.object({
        word: z.string().describe('As it stands in `q`'),
        status: z.enum(wordStatuses),
        instead: z.string().optional().describe('What was searched for instead'),
      }),
    )
    .describe(
      'What became of each word of `q`; empty where words were not searched. `unknown`: no published article has it, and it was left out. `corrected`: no article has it, and a similar word was searched for. `prefix`: no article has it, and words that begin with it were searched for. `common`: it says too little and was left out; put it in quotes to ask for it. `excluded`: articles with it were left out. `option`: it was taken for the option of a command, because an article has it as it is written. `too_many`: the query has more words than are searched for',
    ),
  nothing_relevant: z
    .boolean()
    .describe(
      `Whether no article of this page has a \`relevance\` of ${leastRelevant} or more: then the hits are only the nearest`,
    ),
  retry_at: z.iso.datetime().nullable().describe('When a search by meaning may succeed again, if known'),
  reranked: z
    .boolean()
    .describe('Whether a reranker has ordered the hits; `score` and `ranks` are those of the order before'),
  rerank_reason: z
    .enum(failureCodes)
    .nullable()
    .describe(
      'Why the hits are in their own order although `rerank` was true; null with fewer than two hits',
    ),
});

export const searchReply = z.object({
  data: z.array(searchHit),
  meta: searchMeta.extend({
    next_cursor: z
      .string()
      .nullable()
      .describe(
        `The cursor of the next page; null on the last. Writes between two pages repeat no article, with one exception: an article that is edited after keywords have shown ${minSeenByKeyword} others may come again. By words, an article that an edit moves up past the end of the page is missed. After a fallback, keywords serve the following pages too. A search by meaning, and one that is reranked, ends after some ${maxSeenIds} articles`,
      ),
  }),
});
