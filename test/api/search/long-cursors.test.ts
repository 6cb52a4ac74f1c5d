import { createHash } from 'node:crypto';
import { describe, expect } from 'vitest';
import { encodeCursor } from '../../../src/platform/http/cursor.ts';
import { clientCursor, issueCursor, openCursor } from '../../../src/search/client-cursor.ts';
import { type SearchCursor, type SearchText, sealCursor } from '../../../src/search/cursor.ts';
import { storeCursor } from '../../../src/search/cursor-store.ts';
import { insertArticles } from '../../support/article-rows.ts';
import type { ArticleApi, TestTenant } from '../articles/article-api.ts';
import { newTenant } from '../articles/article-facts.ts';
import { factsOfSearch } from './search-facts.ts';
import { ask, readPages, search } from './search-tenant.ts';

// Two tenants with 410 articles each, which no fact changes. No cursor is stored when a fact begins.
const it = factsOfSearch()
  .extend('long', { scope: 'file' }, ({ api }) => tenantWithServals(api))
  .extend('other', { scope: 'file' }, ({ api }) => tenantWithServals(api));
it.beforeEach(({ api }) => api.db.rawAsOwner('delete from search_cursors'));

const query = { q: 'serval', mode: 'keyword', limit: '100' };
const otherSearch = 'belongs to another search';
const expired = 'has expired: begin the search again';

describe('a cursor that is issued', () => {
  it('is the cursor itself up to 2,000 characters, and stores nothing', async ({ api, long }) => {
    const cursor = cursorOf(fitting(long));
    const issued = await issue(api, long, cursor);
    expect(issued).toHaveLength(2_000);
    expect(await rows(api, long)).toEqual([]);
    expect(await open(api, long, issued)).toMatchObject({ kind: 'opened', cursor });
  });

  it('is a short reference to a row when it has one character more', async ({ api, long }) => {
    const cursor = cursorOf(fitting(long) + 1);
    expect(lengthOf(long, cursor)).toBeGreaterThan(2_000);
    const issued = await issue(api, long, cursor);
    expect(issued.length).toBeLessThan(200);
    expect(await rows(api, long)).toMatchObject([{ cursor }]);
    expect(await open(api, long, issued)).toMatchObject({ kind: 'opened', cursor });
  });
});

describe('the pages of a long search', () => {
  it('have cursors of at most 2,000 characters, and show every article once', async ({ long }) => {
    const pages = await readPages(long, query);
    const cursors = pages.map(({ meta }) => meta.next_cursor);
    expect(cursors.slice(0, -1).map((cursor) => cursor.length <= 2_000)).toEqual([true, true, true, true]);
    expect(cursors.map((cursor) => cursor !== null && 'stored' in decode(cursor))).toEqual([
      ...[false, true, true, true, false],
    ]);
    const ids = pages.flatMap(({ data }) => data.map(({ id }: { id: string }) => id));
    expect(ids).toHaveLength(410);
    expect(new Set(ids).size).toBe(410);
  });
});

describe('a stored cursor', () => {
  it('gives the same page each time, and stores no second row', async ({ api, long }) => {
    const cursor = await longCursor(long);
    const first = await search(long, { ...query, cursor });
    const stored = await rows(api, long);
    expect(stored).toHaveLength(2);
    expect(await search(long, { ...query, cursor })).toEqual(first);
    expect(await rows(api, long)).toHaveLength(2);
    expect(await longCursor(long)).toBe(cursor);
    expect(await rows(api, long)).toHaveLength(2);
    expect((await search(long, { ...query, limit: '7', cursor })).data).toEqual(first.data.slice(0, 7));
  });

  it('expires after an hour, and the answer says what to do', async ({ api, long }) => {
    const cursor = await longCursor(long);
    await age(api, 59);
    expect((await search(long, { ...query, cursor })).data).toHaveLength(100);
    await age(api, 61);
    expect(await refusal(long, { ...query, cursor })).toBe(expired);
    expect(await longCursor(long)).toBe(cursor);
    expect((await search(long, { ...query, cursor })).data).toHaveLength(100);
  });

  it('has expired, too, when its row is gone or cannot be read', async ({ api, long }) => {
    const cursor = await longCursor(long);
    await api.db.rawAsOwner(`update search_cursors set cursor = '{"served":"by an older version"}'`);
    expect(await refusal(long, { ...query, cursor })).toBe(expired);
    await api.db.rawAsOwner('delete from search_cursors');
    expect(await refusal(long, { ...query, cursor })).toBe(expired);
  });

  it('is refused for another tenant, whose row no checksum opens', async ({ api, long, other }) => {
    const cursor = await longCursor(long);
    expect(await refusal(other, { ...query, cursor })).toBe(otherSearch);
    expect(await refusal(other, { ...query, cursor: forge(other, decode(cursor).stored) })).toBe(expired);
    // The same words of both tenants are rows of their own.
    const its = await longCursor(other);
    expect(its).not.toBe(cursor);
    expect(await rows(api, other)).toHaveLength(1);
  });

  it('is refused for another search, also when its reference is made up for that one', async ({ long }) => {
    const { stored } = decode(await longCursor(long));
    expect((await ask(long, { ...query, cursor: forge(long, stored) })).status).toBe(200);
    expect(await refusal(long, { ...query, q: 'servals', cursor: forge(long, stored) })).toBe(otherSearch);
    expect(await refusal(long, { ...query, q: 'servals', cursor: forge(long, stored, 'servals') })).toBe(
      otherSearch,
    );
  });

  it('is refused when its id is made up', async ({ long }) => {
    const cursor = await longCursor(long);
    const madeUp = 'a'.repeat(32);
    expect(await refusal(long, { ...query, cursor: forge(long, madeUp) })).toBe(expired);
    expect(
      await refusal(long, { ...query, cursor: encodeCursor({ ...decode(cursor), stored: madeUp }) }),
    ).toBe(otherSearch);
    for (const stored of [7, '', 'a'.repeat(31), `${'a'.repeat(31)}'`, 'a'.repeat(1_000)]) {
      expect(await refusal(long, { ...query, cursor: encodeCursor({ ...decode(cursor), stored }) })).toBe(
        'is not a cursor of this list',
      );
    }
  });
});

describe('the stored cursors of a tenant', () => {
  it('stay few: each that is written deletes up to twenty expired ones of the same tenant', async ({
    api,
    long,
    other,
  }) => {
    for (let i = 0; i < 45; i += 1) await store(api, long, i);
    for (let i = 0; i < 5; i += 1) await store(api, other, i);
    await age(api, 61);
    await store(api, long, 100);
    expect(await rows(api, long)).toHaveLength(45 - 20 + 1);
    await store(api, long, 101);
    await store(api, long, 102);
    expect((await rows(api, long)).map(({ id }) => String(id).slice(-2)).sort()).toEqual(['64', '65', '66']);
    expect(await rows(api, other)).toHaveLength(5);
  });

  it('are written by many searches at once while old ones are deleted', async ({ api, long }) => {
    for (let round = 0; round < 10; round += 1) {
      const ids = Array.from({ length: 10 }, (_, i) => i);
      await Promise.all(ids.map((i) => store(api, long, i)));
      await age(api, 61);
      await Promise.all(ids.map((i) => store(api, long, i)));
      expect(await rows(api, long)).toHaveLength(10);
    }
  });
});

async function tenantWithServals(api: ArticleApi): Promise<TestTenant> {
  const tenant = await newTenant(api);
  const numbers = Array.from({ length: 410 }, (_, index) => index + 1);
  await insertArticles(
    api.db,
    tenant.id,
    numbers.map((number) => ({ title: `T${number}`, body: 'serval '.repeat(1 + (number % 5)) })),
  );
  return tenant;
}

function rows(api: ArticleApi, tenant: TestTenant) {
  return api.db.rawAsOwner('select id, cursor, created_at from search_cursors where tenant_id = $1', [
    tenant.id,
  ]);
}

function age(api: ArticleApi, minutes: number) {
  return api.db.rawAsOwner(`update search_cursors set created_at = now() - make_interval(mins => $1)`, [
    minutes,
  ]);
}

function decode(cursor: string) {
  return JSON.parse(Buffer.from(cursor, 'base64url').toString());
}

/** The cursor of page three, which lists 200 articles. */
async function longCursor(tenant: TestTenant): Promise<string> {
  const first = await search(tenant, query);
  const second = await search(tenant, { ...query, cursor: first.meta.next_cursor });
  return second.meta.next_cursor;
}

/** A reference to a stored cursor, with the checksum that goes with it. */
function forge(of: TestTenant, stored: string, q = query.q): string {
  const parts = [of.id, q, 'keyword', null, [], 'all', { stored }];
  const checksum = createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 16);
  return encodeCursor({ stored, checksum });
}

/** The message of a refusal. */
async function refusal(of: TestTenant, asked: Record<string, string>): Promise<string> {
  const { status, body } = await ask(of, asked);
  expect(status).toBe(422);
  expect(body.errors).toEqual([{ path: 'cursor', message: expect.any(String) }]);
  return body.errors[0].message;
}

const text: SearchText = { q: 'x', mode: 'hybrid' };

/** A cursor that grows by one letter at a time. */
function cursorOf(letters: number): SearchCursor {
  return {
    served: 'keyword',
    keyword: {
      after: { id: '00000000-0000-4000-8000-000000000000', score: 5e-324 },
      before: 1,
      plan: {
        ...{ articles: 1, averageLength: 1, languages: [], options: [], withCommon: false },
        terms: [{ as: { word: 'b'.repeat(letters) }, count: 1 }],
      },
    },
    seenIds: 'A'.repeat(900),
  };
}

function lengthOf(tenant: TestTenant, cursor: SearchCursor): number {
  return encodeCursor(sealCursor(tenant.id, text, cursor)).length;
}

/** The letters of the longest cursor that a client gets itself. */
function fitting(tenant: TestTenant): number {
  let letters = 1;
  while (lengthOf(tenant, cursorOf(letters + 1)) <= 2_000) letters += 1;
  return letters;
}

function issue(api: ArticleApi, tenant: TestTenant, cursor: SearchCursor) {
  return issueCursor(api.db.database, tenant.id, text, cursor);
}

function open(api: ArticleApi, tenant: TestTenant, cursor: string) {
  return openCursor(api.db.database, tenant.id, text, clientCursor.parse(decode(cursor)));
}

/** Stores a cursor under an id of this number. */
function store(api: ArticleApi, { id: tenantId }: TestTenant, i: number) {
  const id = i.toString(16).padStart(32, '0');
  const semantic: SearchCursor = { served: 'semantic', seenIds: 'AAAAAAAA' };
  const sealed = sealCursor(tenantId, { q: 'x', mode: 'semantic' }, semantic);
  return api.db.database.withTenant(tenantId, (tx) => storeCursor(tx, tenantId, id, sealed));
}
