import { estimateTokens } from '../domain/tokens.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Hit } from '../search/hits.ts';
import type { Found, Search, SearchQuery, SearchResult } from '../search/service.ts';
import { listBodies } from './context-read-model.ts';
import { charactersPerToken, type TruncatedText, truncateToTokens } from './truncate-to-tokens.ts';

export interface ContextQuery extends Omit<SearchQuery, 'cursor'> {
  /** The most tokens of all titles and bodies together, as estimated. */
  readonly maxTokens: number;
}

/** A hit and as much of its body as fits. */
export interface ContextEntry {
  readonly hit: Hit;
  readonly body: string;
  readonly truncated: boolean;
  /** Of the title and the body. */
  readonly estimatedTokens: number;
}

/** The context for a prompt. */
export interface Gathered {
  readonly kind: 'gathered';
  /** The result of the search, with all of its hits. */
  readonly found: Found;
  readonly entries: readonly ContextEntry[];
  /** The number of hits that did not fit. */
  readonly omitted: number;
  readonly estimatedTokens: number;
}

export interface Context {
  /** The best hits of a search with their bodies, as many as fit. Fails only when the search or the database does. */
  gather(
    tenantId: string,
    query: ContextQuery,
  ): Promise<Gathered | Extract<SearchResult, { readonly kind: 'unknown_tags' }>>;
}

/** An article that does not fit is cut to no fewer tokens than these: a shorter beginning is of no use, and is left out. */
const leastTokens = 50;

export interface ContextDeps {
  readonly database: Database;
  readonly search: Pick<Search, 'search'>;
}

/** Search with bodies, for the writers of prompts. */
export function createContext({ database, search }: ContextDeps): Context {
  return {
    async gather(tenantId, { maxTokens, ...query }) {
      const found = await search.search(tenantId, query);
      if (found.kind === 'unknown_tags') return found;
      const bodies = await database.withTenant(tenantId, (tx) =>
        listBodies(
          tx,
          tenantId,
          found.hits.map(({ id }) => id),
          maxTokens * charactersPerToken,
        ),
      );
      // An article that was unpublished since the search is no hit.
      const hits = found.hits.flatMap((hit) => {
        const body = bodies.get(hit.id);
        return body === undefined ? [] : [{ hit, body }];
      });
      const entries: ContextEntry[] = [];
      let left = maxTokens;
      for (const { hit, body } of hits) {
        const title = Math.ceil(estimateTokens(hit.title));
        const fitted = truncateToTokens(body, left - title);
        // The first that does not fit is the last, even if a later one would fit: the order is that of the search.
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
