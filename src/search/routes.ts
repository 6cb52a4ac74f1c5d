import { createHash } from 'node:crypto';
import { encodeCursor } from '../platform/http/cursor.ts';
import { invalidField } from '../platform/http/problem.ts';
import { type Route, reply, route } from '../platform/http/route.ts';
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
        'By words, by meaning, or by both. When no vector of the query can be had, keywords serve it: `meta.fallback` is true and `meta.fallback_reason` says why. It is never an error of yours or ours.',
      query: searchQuerySchema,
      replies: { 200: { description: 'A page of hits, best first', schema: searchReply } },
      problems: [],
      async handle({ actor, query }) {
        const { cursor, ...wanted } = query;
        const fingerprint = fingerprintOf(wanted);
        if (cursor && (cursor.mode !== wanted.mode || cursor.query !== fingerprint)) {
          return invalidField('cursor', 'belongs to another search');
        }
        const result = await search.search(actor.tenantId, { ...wanted, position: cursor?.position ?? 0 });
        return reply(200, {
          data: result.hits,
          meta: {
            mode: wanted.mode,
            served_mode: result.servedMode,
            fallback: result.fallback,
            fallback_reason: result.fallbackReason,
            coverage: result.coverage,
            retry_at: result.retryAt?.toISOString() ?? null,
            next_cursor:
              result.next === undefined
                ? null
                : encodeCursor({ mode: wanted.mode, query: fingerprint, position: result.next }),
          },
        });
      },
    }),
  ];
}

/** Tells searches apart, so that a cursor is not used for another; the page size may change. */
function fingerprintOf(query: {
  q: string;
  category?: unknown;
  tags?: readonly string[] | undefined;
}): string {
  const parts = JSON.stringify([query.q, query.category ?? null, query.tags ?? []]);
  return createHash('sha256').update(parts).digest('base64url').slice(0, 16);
}
