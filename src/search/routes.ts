import { type Route, reply, route } from '../platform/http/route.ts';
import { presentMeta, unknownTags, unusableCursor } from './presentation.ts';
import { searchQuerySchema, searchReply } from './schemas.ts';
import type { Search } from './service.ts';

/** GET /knowledge/search: the published articles for a query. */
export function searchRoutes(search: Search): Route[] {
  return [
    route({
      method: 'get',
      path: '/knowledge/search',
      role: 'agent',
      tag: 'Search',
      summary: 'Search the published articles',
      description:
        'By words, by meaning, or by both. When the query cannot be embedded, keywords serve the search: `meta.fallback` is true, and `meta.fallback_reason` says why. When nothing is found and one of the `tags` is on no published article, the answer is 422.',
      query: searchQuerySchema,
      replies: { 200: { description: 'A page of hits, best first', schema: searchReply } },
      problems: [],
      async handle({ actor: { tenantId, keyId: apiKeyId }, query }) {
        const { cursor, tags_match: tagsMatch, min_relevance: minRelevance, limit, ...rest } = query;
        const wanted = { ...rest, tagsMatch };
        const opened = cursor && (await search.openCursor(tenantId, wanted, cursor));
        if (opened && opened.kind !== 'opened') return unusableCursor(opened.kind);
        const page = { limit, minRelevance, cursor: opened?.cursor, apiKeyId };
        const result = await search.search(tenantId, { ...wanted, ...page });
        switch (result.kind) {
          case 'unknown_tags':
            return unknownTags(result.tags);
          case 'found':
            return reply(200, {
              data: result.hits,
              meta: { ...presentMeta(wanted.mode, result), next_cursor: result.nextCursor },
            });
          default:
            return result satisfies never;
        }
      },
    }),
  ];
}
