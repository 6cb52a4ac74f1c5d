import { createHash } from 'node:crypto';
import { z } from 'zod';
import { failureCodes } from '../domain/failures.ts';
import { text, uuid } from '../platform/http/schemas.ts';
import { maxWords } from './keyword/keyword.ts';
import type { SearchFilter } from './keyword/keyword-store.ts';

export const modes = ['keyword', 'semantic', 'hybrid'] as const;
export type SearchMode = (typeof modes)[number];

/** What tells one search from another, whatever its page. */
export interface SearchText extends SearchFilter {
  readonly q: string;
  readonly mode: SearchMode;
}

/**
 * The most articles that a place names. A search by meaning shows no more, page by page: who reads on after so many wants
 * another query. One by words goes on.
 */
export const maxSeen = 500;
/** Of articles that words have shown, a place names the last: at least so many, more while meaning has shown few. */
export const leastNamed = 100;
/** More than any tenant has of anything; a sum of some still fits an integer of Postgres. */
export const maxCount = 1_000_000_000;
/** The last bytes of a uuid are random in each kind of it; six tell some hundred articles apart. */
const seenBytes = 6;

// What goes from a place into a statement is no more than Postgres takes: anybody can make up a place.
const word = text({ max: 500 });
const count = z.int().min(0).max(maxCount);
const shown = z.base64url().max(Math.ceil((maxSeen * seenBytes * 4) / 3));

/**
 * Where a page ended. The scores of keyword search depend on the article and its plan alone, so that the next page begins after
 * a score and an id; an article whose score an edit has lowered since would come again, and is named. Places among vectors shift
 * with everything that is written: there all articles that have been shown are named, and the next page is the best of the
 * others.
 */
const cursorFields = z.object({
  /** What served the page: one that keywords had to serve is followed by more of them. */
  served: z.enum(modes),
  /** Why keywords had to; null where they had to for want of vectors that are being made. */
  fallback: z
    .object({ code: z.enum(failureCodes).nullable(), retryAt: z.iso.datetime().nullable() })
    .optional(),
  /** The last hit by words, and how many come before the next one. */
  keyword: z
    .object({
      after: z.object({ id: uuid, score: z.number().min(0).max(1) }),
      before: count.min(1),
      /** As below, of the last articles that words have shown. */
      shown: shown.optional(),
      plan: z.object({
        counts: z.object({ articles: count, words: z.array(count).max(maxWords).readonly() }),
        spellings: z
          .array(z.tuple([word, word]).readonly())
          .max(maxWords)
          .readonly(),
      }),
    })
    .optional(),
  /** Of each article that a search by meaning has shown, the last bytes of its id. */
  shown: shown.optional(),
});

export type Place = z.output<typeof cursorFields>;

/** A place as a cursor holds it: with the sum that ties it to its search. */
export const sealedCursor = cursorFields.extend({ sum: z.string() });
/** Some hundred ids, and the words of a long query. */
export const maxCursorCharacters = 12_000;

/** The place with its sum. */
export function sealCursor(
  tenantId: string,
  search: SearchText,
  place: Place,
): z.output<typeof sealedCursor> {
  const fields = cursorFields.parse(place);
  return { ...fields, sum: sumOf(tenantId, search, fields) };
}

/** Whether a place is one of this search of this tenant, as it was given out. */
export function isCursorOf(
  tenantId: string,
  search: SearchText,
  { sum, ...place }: z.output<typeof sealedCursor>,
): boolean {
  return sum === sumOf(tenantId, search, place);
}

/**
 * A check against mistakes, not against malice: it holds no secret. Who forges it gets at most another page of what the API key
 * may read anyway.
 */
function sumOf(tenantId: string, { q, mode, category, tags, tagsMatch }: SearchText, place: Place): string {
  const parts = [tenantId, q, mode, category ?? null, tags ?? [], tagsMatch ?? 'all', place];
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16);
}

/** The articles that a place names as shown. */
export function readSeen(place: Place | undefined): ReadonlySet<string> {
  return new Set([...readNames(place?.shown), ...readNames(place?.keyword?.shown)]);
}

/** The names of articles that `writeNames` has written. */
export function readNames(written: string | undefined): readonly string[] {
  const hex = Buffer.from(written ?? '', 'base64url').toString('hex');
  return hex.match(new RegExp(`.{${seenBytes * 2}}`, 'g')) ?? [];
}

/** How a place names an article that has been shown. */
export function seenName(articleId: string): string {
  return articleId.replaceAll('-', '').slice(-seenBytes * 2);
}

/** Names as a place holds them. */
export function writeNames(names: Iterable<string>): string {
  return Buffer.from([...names].join(''), 'hex').toString('base64url');
}
