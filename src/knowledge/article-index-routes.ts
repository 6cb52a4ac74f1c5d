import { z } from 'zod';
import { categories } from '../articles/article.ts';
import { microseconds, tagsFilter, tagsMatch } from '../articles/schemas.ts';
import { cursor, encodeCursor } from '../platform/http/cursor.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
import { limit, uuid } from '../platform/http/schemas.ts';
import { type ArticleIndex, maxTags } from './article-index.ts';

const category = z.enum(categories);
const count = z.int().min(1);

const articleIndexQuery = z.strictObject({
  category: category.optional(),
  tags: tagsFilter,
  tags_match: tagsMatch,
  limit: limit({ default: 100 }),
  cursor: cursor(z.object({ at: microseconds, id: uuid }))
    .optional()
    .describe('`meta.next_cursor` of the page before'),
});

const entryView = z
  .object({
    id: z.uuid(),
    title: z.string(),
    category,
    tags: z.array(z.string()),
    updated_at: z.iso.datetime(),
    embedded: z.boolean().describe('Whether search by meaning finds it now'),
  })
  .meta({ id: 'ArticleIndexEntry' });

/** The reply of the route. */
export const articleIndexReply = z.object({
  data: z.array(entryView),
  meta: z.object({
    total: z.int().describe('The number of articles that pass the filter, on all pages'),
    categories: z.array(z.object({ category, count })).describe('Of these articles, the most frequent first'),
    tags: z
      .array(z.object({ tag: z.string(), count }))
      .describe(`Of these articles, the ${maxTags} most frequent`),
    next_cursor: z.string().nullable(),
  }),
});

/** GET /knowledge/index: the list of all published articles. */
export function articleIndexRoutes(deps: { readonly articleIndex: ArticleIndex }): Route[] {
  return [
    route({
      method: 'get',
      path: '/knowledge/index',
      role: 'agent',
      tag: 'Knowledge',
      summary: 'The article index: published articles without their bodies',
      description:
        'An overview for agents that do not know yet what to search for. The newest articles come first, and edits do not change the order.',
      query: articleIndexQuery,
      replies: { 200: { description: 'A page of the article index', schema: articleIndexReply } },
      problems: [],
      async handle({ actor, query }) {
        const { cursor: after, tags_match: tagsMatch, ...filter } = query;
        const page = await deps.articleIndex.list(actor.tenantId, { ...filter, tagsMatch, after });
        return reply(200, {
          data: page.entries.map(({ updatedAt, ...entry }) => ({
            id: entry.id,
            title: entry.title,
            category: entry.category,
            tags: entry.tags,
            updated_at: updatedAt.toISOString(),
            embedded: entry.embedded,
          })),
          meta: {
            total: page.total,
            categories: page.categories,
            tags: page.tags,
            next_cursor: page.nextCursor ? encodeCursor(page.nextCursor) : null,
          },
        });
      },
    }),
  ];
}
