import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Found, SearchQuery, SearchResult } from '../search/found.ts';
import type { Hit, HitPlace } from '../search/hits.ts';
import type { Search } from '../search/service.ts';
import { type FoundBody, listBodyPieces, listFoundBodies } from './context-read-model.ts';
import { fairShares } from './fair-shares.ts';
import { tokensOf, tokensUpTo } from './fit-around.ts';
import { fitBody, type ReadBody } from './fit-body.ts';
import { charactersPerToken } from './truncate-to-tokens.ts';

export interface ContextQuery extends Omit<SearchQuery, 'cursor'> {
  /** The most tokens of all titles, headings and bodies together, as estimated. */
  readonly maxTokens: number;
}

/** A hit and as much of its body as fits. */
export interface ContextEntry {
  readonly hit: Hit;
  /** The whole body, or the part around the passage that matched. */
  readonly body: string;
  readonly truncated: boolean;
  /** Of the title, the heading and the body. */
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

/** A single article is cut to no fewer tokens than these, and one among others to no fewer than those: less is of little use. */
const leastAlone = 50;
const leastShared = 200;

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
      const { bodies, published } = await database.withTenant(tenantId, (tx) =>
        readBodies(tx, tenantId, found, maxTokens),
      );
      const needs = bodies.map(({ overhead, text }) => overhead + tokensUpTo(text, maxTokens));
      const kept = bodies.slice(0, countFitting(needs, bodies, maxTokens));
      const entries: ContextEntry[] = [];
      let left = maxTokens;
      kept.forEach((body, index) => {
        // What the ones before have not used is shared by the rest.
        const [share = 0] = fairShares(needs.slice(index, kept.length), left);
        const { text, tokens, truncated } = fitBody(body, share - body.overhead);
        const estimatedTokens = body.overhead + tokens;
        entries.push({ hit: body.hit, body: text, truncated, estimatedTokens });
        left -= estimatedTokens;
      });
      const omitted = published - entries.length;
      return { kind: 'gathered', found, entries, omitted, estimatedTokens: maxTokens - left };
    },
  };
}

/** The number of the first articles that have room, each whole or with a part that is worth it. */
function countFitting(
  needs: readonly number[],
  bodies: readonly { readonly overhead: number }[],
  maxTokens: number,
): number {
  for (let count = needs.length; count > 0; count -= 1) {
    const least = count === 1 ? leastAlone : leastShared;
    const shares = fairShares(needs.slice(0, count), maxTokens);
    const isEnough = shares.every(
      (share, index) => share >= (needs[index] ?? 0) || share - (bodies[index]?.overhead ?? 0) >= least,
    );
    if (isEnough) return count;
  }
  return 0;
}

/**
 * The hits whose bodies may fit, with the pieces of the bodies that decide what fits: twice as many characters as `maxTokens`
 * can have, in fair shares. `published` is the number of the hits that are still published.
 */
async function readBodies(tx: Transaction, tenantId: string, found: Found, maxTokens: number) {
  const lengths = await listFoundBodies(
    tx,
    tenantId,
    found.hits.map(({ id }) => ({ id, passage: chunkOf(found.places.get(id)) })),
  );
  const published = found.hits.flatMap((hit) => {
    const body = lengths.get(hit.id);
    const overhead = tokensOf(hit.title) + tokensOf(hit.heading ?? '');
    return body === undefined ? [] : [{ hit, body, overhead, place: found.places.get(hit.id) }];
  });
  // No body has fewer tokens than these.
  const needs = published.map(({ overhead, body }) => overhead + body.length / charactersPerToken);
  const likely = published.slice(0, countFitting(needs, published, maxTokens));
  const shares = fairShares(
    likely.map(({ body }) => body.length),
    2 * charactersPerToken * maxTokens,
  );
  const pieces = likely.map(({ hit, body, place }, index) => {
    const length = shares[index] ?? 0;
    const at = placeIn(body, place);
    const start = Math.max(0, Math.min(at - Math.floor(length / 2), body.length - length));
    return { id: hit.id, start, length, at };
  });
  const texts = pieces.length === 0 ? [] : await listBodyPieces(tx, tenantId, pieces);
  const bodies = likely.map(({ hit, body, overhead, place }, index): ReadBody & { readonly hit: Hit } => {
    const { start, length, at } = pieces[index] ?? { start: 0, length: 0, at: 0 };
    return {
      ...{ hit, overhead, text: texts[index] ?? '', start, at },
      ...{ isWhole: length >= body.length, table: place?.kind === 'words' ? place.passage.table : null },
    };
  });
  return { bodies, published: published.length };
}

function chunkOf(place: HitPlace | undefined): string | null {
  return place?.kind === 'chunk' ? place.text : null;
}

function placeIn({ at }: FoundBody, place: HitPlace | undefined): number {
  return place?.kind === 'words' ? place.passage.at : (at ?? 0);
}
