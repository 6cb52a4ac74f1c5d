import { encodeCursor } from '../platform/http/cursor.ts';
import { invalidField } from '../platform/http/problem.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
import { isCursorOf, sealCursor } from './cursor.ts';
import { presentMeta, unknownTags } from './presentation.ts';
import { searchQuerySchema, searchReply } from './schemas.ts';
import type { Search } from './service.ts';

/** The routes of search. */
export function searchRoutes(search: Search): Route[] {
  return [
    route({
      method: 'get',
      path: '/knowledge/search',
      role: 'agent',
      tag: 'Search',
      summary: 'Search the published articles',
      description:
        'By words, by meaning, or by both. When no vector of the query can be had, keywords serve it: `meta.fallback` is true and `meta.fallback_reason` says why. It is never an error of yours or ours. A tag that no published article has is one of yours, when nothing is found: 422.',
      query: searchQuerySchema,
      replies: { 200: { description: 'A page of hits, best first', schema: searchReply } },
      problems: [],
      async handle({ actor: { tenantId }, query }) {
        const { cursor, tags_match: tagsMatch, limit, ...rest } = query;
        const wanted = { ...rest, tagsMatch };
        if (cursor && !isCursorOf(tenantId, wanted, cursor)) {
          return invalidField('cursor', 'belongs to another search');
        }
        const result = await search.search(tenantId, { ...wanted, limit, place: cursor });
        switch (result.kind) {
          case 'unknown_tags':
            return unknownTags(result.tags);
          case 'found': {
            const cursorAfter = result.next && encodeCursor(sealCursor(tenantId, wanted, result.next));
            return reply(200, {
              data: result.hits,
              meta: { ...presentMeta(wanted.mode, result), next_cursor: cursorAfter ?? null },
            });
          }
        }
      },
    }),
  ];
}
