import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSealedFor, type SearchCursor, type SearchText, seal } from '../../../src/search/cursor.ts';
import type { Fused } from '../../../src/search/fusion.ts';
import type { QueryResolution } from '../../../src/search/keyword/resolution.ts';
import { cursorAfter } from '../../../src/search/next-cursor.ts';
import { maxSeenIds, minSeenByKeyword, packIds, shortId, unpackIds } from '../../../src/search/seen-ids.ts';

const search: SearchText = {
  ...{ q: 'words', mode: 'hybrid', category: 'finding', tags: ['a'], tagsMatch: 'all' },
};

describe('a cursor', () => {
  it('is good for its own tenant, search and content', () => {
    expect(isSealedFor('tenant', search, seal('tenant', search, { stored: 'x' }))).toBe(true);
  });

  it.each([
    ['another tenant', 'another', {}],
    ['other words', 'tenant', { q: 'other words' }],
    ['another mode', 'tenant', { mode: 'semantic' }],
    ['another category', 'tenant', { category: 'idea' }],
    ['no category', 'tenant', { category: undefined }],
    ['other tags', 'tenant', { tags: ['b'] }],
    ['no tags', 'tenant', { tags: undefined }],
    ['another way to match tags', 'tenant', { tagsMatch: 'any' }],
    ['reranking', 'tenant', { rerank: true }],
  ] as const)('is refused for %s', (_, tenantId, change) => {
    const sealed = seal('tenant', search, { stored: 'x' });
    expect(isSealedFor(tenantId, { ...search, ...change }, sealed)).toBe(false);
  });

  it('is refused with another content', () => {
    const { checksum } = seal('tenant', search, { stored: 'x' });
    const forged = { checksum, stored: 'y' };
    expect(isSealedFor('tenant', search, forged)).toBe(false);
  });
});

describe('the cursor of a next page by words', () => {
  it('lists the articles that were shown last, up to its bound', () => {
    const before = Array.from({ length: maxSeenIds }, () => shortId(randomUUID()));
    const page = [hit(maxSeenIds + 1), hit(maxSeenIds + 2)];
    const next = cursorOf({ page, seen: { keyword: before } });
    const listed = unpackIds(next?.keyword?.seenIds);
    expect(listed).toEqual([...before.slice(page.length), ...page.map(({ id }) => shortId(id))]);
  });

  it('lists a hundred of them at least, and all that meaning has shown', () => {
    const byMeaning = Array.from({ length: maxSeenIds }, () => shortId(randomUUID()));
    const before = Array.from({ length: 2 * minSeenByKeyword }, () => shortId(randomUUID()));
    const page = [hit(1)];
    const next = cursorOf({ page, seen: { keyword: before, meaning: byMeaning } });
    expect(unpackIds(next?.keyword?.seenIds)).toEqual(
      [...before, ...page.map(({ id }) => shortId(id))].slice(-minSeenByKeyword),
    );
    expect(unpackIds(next?.seenIds)).toEqual(byMeaning);
  });
});

describe('the cursor of a next page by meaning', () => {
  it.each([
    [maxSeenIds - 2, true],
    [maxSeenIds - 1, false],
  ])('after %i articles is there: %s', (shown, isThere) => {
    const byMeaning = Array.from({ length: shown }, () => shortId(randomUUID()));
    const next = cursorOf({ page: [hit(1)], seen: { meaning: byMeaning }, byVector: true });
    expect(next !== undefined).toBe(isThere);
  });
});

describe('the cursor of a next page that was reranked', () => {
  it('begins where the page has begun, without its hits', () => {
    const page = [hit(9), hit(2)];
    const ids = page.map(({ id }) => shortId(id));
    const first = cursorOf({ page, seen: {}, reranked: true });
    expect(first).toEqual({ served: 'keyword', seenIds: packIds(ids) });
    const before = [shortId(randomUUID())];
    const later = cursorOf({ page, seen: { keyword: before }, reranked: true });
    expect(later?.keyword?.before).toBe(1);
    expect(unpackIds(later?.keyword?.seenIds)).toEqual(before);
    expect(unpackIds(later?.seenIds)).toEqual(ids);
  });

  it.each([
    [maxSeenIds - 2, true],
    [maxSeenIds - 1, false],
  ])('after %i articles is there: %s', (shown, isThere) => {
    const shownIds = Array.from({ length: shown }, () => shortId(randomUUID()));
    const next = cursorOf({ page: [hit(1)], seen: { meaning: shownIds }, reranked: true });
    expect(next !== undefined).toBe(isThere);
  });
});

const hit = (rank: number): Fused => ({
  id: randomUUID(),
  score: 0.5,
  ranks: { keyword: rank, semantic: null },
});

/** The cursor after a page, behind articles that were shown before. */
function cursorOf({
  page,
  seen,
  byVector = false,
  reranked = false,
}: {
  readonly page: readonly Fused[];
  readonly seen: { readonly keyword?: readonly string[]; readonly meaning?: readonly string[] };
  readonly byVector?: boolean;
  readonly reranked?: boolean;
}): SearchCursor | undefined {
  const plan: QueryResolution = {
    ...{ articles: 1, averageLength: 1, languages: [], options: [], withCommon: false },
    terms: [{ as: 'typed', count: 1 }],
  };
  return cursorAfter({
    ...{ page, byVector, reranked, servedMode: byVector ? 'hybrid' : 'keyword', fallback: undefined },
    words: { plan, ranked: [], marks: undefined, words: [], known: 1, excluded: null },
    cursor: {
      served: byVector ? 'hybrid' : 'keyword',
      ...(seen.meaning && { seenIds: packIds(seen.meaning) }),
      ...(seen.keyword && {
        keyword: {
          after: { id: randomUUID(), score: 0.5 },
          before: 1,
          seenIds: packIds(seen.keyword),
          plan,
        },
      }),
    },
  });
}
