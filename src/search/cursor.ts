import { createHash } from 'node:crypto';
import { z } from 'zod';
import { failureCodes } from '../domain/failures.ts';
import { maxTerms } from '../domain/words/parse-query.ts';
import { text, uuid } from '../platform/http/schemas.ts';
import type { PublishedFilter } from '../vectors/published-filter.ts';
import { maxPackedLength, unpackIds } from './seen-ids.ts';

export const modes = ['keyword', 'semantic', 'hybrid'] as const;
export type SearchMode = (typeof modes)[number];

/** What identifies a search on all of its pages. The articles to exclude follow from `q`. */
export interface SearchText extends Omit<PublishedFilter, 'excluded'> {
  readonly q: string;
  readonly mode: SearchMode;
  /** Whether a reranker orders each page; its cursors are those of no other search. */
  readonly rerank?: boolean;
}

/** More than any tenant has of anything, and small enough that sums of it fit an integer of Postgres. */
export const maxCount = 1_000_000_000;

// These schemas accept only what Postgres can take, because anybody can make up a cursor.
const word = text({ max: 500 });
const count = z.int().min(0).max(maxCount);
const soughtAs = z.union([z.literal(['typed', 'prefix']), z.object({ word })]);
/** There are 184 codes of two letters. */
const maxLanguages = 200;
/** As many as fit into a query. */
const maxOptions = 250;
const seenIds = z.base64url().max(maxPackedLength);

/**
 * Where the next page of a search begins. Keyword scores depend only on the article and the plan, so the next page begins
 * after a score and an id; an article whose score has fallen since is left out by its id. The order by vectors changes with
 * every write, so there the next page is the best of all articles that have not been seen.
 */
const cursorFields = z.object({
  /** The mode that served the page. When keywords had to serve it, they serve the following pages too. */
  served: z.enum(modes),
  /** Why keywords had to serve. */
  fallback: z.object({ code: z.enum(failureCodes), retryAt: z.iso.datetime().nullable() }).optional(),
  keyword: z
    .object({
      /** The last hit by keywords. */
      after: z.object({ id: uuid, score: z.number().min(0).max(1) }),
      /** The number of hits by keywords before the next page. */
      before: count.min(1),
      /** The articles that keywords have shown last, packed. */
      seenIds: seenIds.optional(),
      plan: z.object({
        articles: count,
        averageLength: count.min(1),
        withCommon: z.boolean(),
        languages: z
          .array(z.string().regex(/^[a-z]{2,3}$/))
          .max(maxLanguages)
          .readonly(),
        terms: z
          .array(z.object({ as: soughtAs, count }))
          .max(maxTerms)
          .readonly(),
        options: z
          .array(z.object({ isOption: z.boolean(), count }))
          .max(maxOptions)
          .readonly(),
      }),
    })
    .optional(),
  /** All articles that a search by meaning has shown, packed. */
  seenIds: seenIds.optional(),
});

export type SearchCursor = z.output<typeof cursorFields>;

/** A cursor with the checksum that ties it to its tenant and search. */
export const sealedCursor = cursorFields.extend({ checksum: z.string() });
export type SealedCursor = z.output<typeof sealedCursor>;

/** Adds the checksum. Parsing first gives the fields the order in which they are parsed again. */
export function sealCursor(tenantId: string, search: SearchText, cursor: SearchCursor): SealedCursor {
  return seal(tenantId, search, cursorFields.parse(cursor));
}

/** Adds the checksum to anything that belongs to one search of one tenant. */
export function seal<Content extends object>(
  tenantId: string,
  search: SearchText,
  content: Content,
): Content & { readonly checksum: string } {
  return { ...content, checksum: checksumOf(tenantId, search, content) };
}

/** Whether the checksum is that of this tenant, this search and this content. */
export function isSealedFor(
  tenantId: string,
  search: SearchText,
  { checksum, ...content }: { readonly checksum: string },
): boolean {
  return checksum === checksumOf(tenantId, search, content);
}

/**
 * Guards against mistakes, not against malice: the checksum contains no secret. A forged cursor shows at most another page
 * of what its API key may read anyway.
 */
function checksumOf(tenantId: string, search: SearchText, content: object): string {
  const { q, mode, category, tags, tagsMatch, rerank } = search;
  const parts = [tenantId, q, mode, category ?? null, tags ?? [], tagsMatch ?? 'all', content];
  return createHash('sha256')
    .update(JSON.stringify([...parts, ...(rerank ? ['rerank'] : [])]))
    .digest('base64url')
    .slice(0, 16);
}

/** The short ids of all articles that the cursor lists as seen. */
export function readSeenIds(cursor: SearchCursor | undefined): ReadonlySet<string> {
  return new Set([...unpackIds(cursor?.seenIds), ...unpackIds(cursor?.keyword?.seenIds)]);
}
