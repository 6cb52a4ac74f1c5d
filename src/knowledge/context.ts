import { estimateTokens } from '../domain/tokens.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Hit } from '../search/hits.ts';
import type { Found, Search, SearchQuery, SearchResult } from '../search/service.ts';
import { readBodies } from './context-store.ts';
import { charactersPerToken, type TruncatedText, truncateToTokens } from './truncate-to-tokens.ts';

export interface ContextQuery extends Omit<SearchQuery, 'place'> {
  /** That all titles and bodies together are estimated at, at most. */
  readonly maxTokens: number;
}

/** A hit with as much of its body as had room. */
export interface ContextEntry {
  readonly hit: Hit;
  readonly body: string;
  readonly truncated: boolean;
  /** Of title and body. */
  readonly estimatedTokens: number;
}

export interface Gathered {
  readonly kind: 'gathered';
  /** What the search has found, whose hits these are. */
  readonly found: Found;
  readonly entries: readonly ContextEntry[];
  /** Hits that had no room. */
  readonly omitted: number;
  readonly estimatedTokens: number;
}

export interface Context {
  /** The best hits of a search with their bodies, as many as have room in a prompt. Fails as little as the search does. */
  gather(
    tenantId: string,
    query: ContextQuery,
  ): Promise<Gathered | Extract<SearchResult, { readonly kind: 'unknown_tags' }>>;
}

/** Less of a body tells nothing: an article with no more room than this is left out. */
const leastTokens = 50;

/** Search plus bodies, for whoever writes a prompt. */
export function createContext({
  database,
  search,
}: {
  readonly database: Database;
  readonly search: Pick<Search, 'search'>;
}): Context {
  return {
    async gather(tenantId, { maxTokens, ...query }) {
      const found = await search.search(tenantId, query);
      if (found.kind === 'unknown_tags') return found;
      const bodies = await database.withTenant(tenantId, (tx) =>
        readBodies(
          tx,
          tenantId,
          found.hits.map(({ id }) => id),
          maxTokens * charactersPerToken,
        ),
      );
      // One that is published no longer since it was found is no hit.
      const hits = found.hits.flatMap((hit) => {
        const body = bodies.get(hit.id);
        return body === undefined ? [] : [{ hit, body }];
      });
      const entries: ContextEntry[] = [];
      let left = maxTokens;
      for (const { hit, body } of hits) {
        const title = Math.ceil(estimateTokens(hit.title));
        const fitted = truncateToTokens(body, left - title);
        // Nothing behind it is squeezed in where it had no room: the order is that of the search.
        if (title > left || !isWorthwhile(fitted)) break;
        const estimatedTokens = title + fitted.tokens;
        entries.push({ hit, body: fitted.text, truncated: fitted.truncated, estimatedTokens });
        left -= estimatedTokens;
        if (fitted.truncated) break;
      }
      const omitted = hits.length - entries.length;
      return { kind: 'gathered', found, entries, omitted, estimatedTokens: maxTokens - left };
    },
  };
}

function isWorthwhile({ truncated, tokens }: TruncatedText): boolean {
  return !truncated || tokens >= leastTokens;
}
