import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encodeCursor } from '../../../src/platform/http/cursor.ts';
import { clientCursor, issueCursor, openCursor } from '../../../src/search/client-cursor.ts';
import { type SearchCursor, type SearchText, sealCursor } from '../../../src/search/cursor.ts';
import { storeCursor } from '../../../src/search/cursor-store.ts';
import { type ArticleApi, startArticleApi, type TestTenant } from '../articles/article-api.ts';
import { ask, readPages, search } from './search-tenant.ts';

let api: ArticleApi;
let tenant: TestTenant;
let other: TestTenant;
const query = { q: 'serval', mode: 'keyword', limit: '100' };

beforeAll(async () => {
  api = await startArticleApi();
  [tenant, other] = [await api.tenant('long'), await api.tenant('other')];
  for (const { id } of [tenant, other]) {
    await api.db.rawAsOwner(
      `insert into articles (tenant_id, id, title, body, category, status, content_hash)
       select $1, gen_random_uuid(), 'T' || i, repeat('serval ', 1 + i % 5), 'finding', 'published', 'h' || i
         from generate_series(1, 410) i`,
      [id],
    );
  }
});
afterAll(() => api.close());
beforeEach(() => api.db.rawAsOwner('delete from search_cursors'));

const rows = (of = tenant) =>
  api.db.rawAsOwner('select id, cursor, created_at from search_cursors where tenant_id = $1', [of.id]);
const age = (minutes: number) =>
  api.db.rawAsOwner(`update search_cursors set created_at = now() - make_interval(mins => $1)`, [minutes]);
const decode = (cursor: string) => JSON.parse(Buffer.from(cursor, 'base64url').toString());

/** The cursor of page three, which lists 200 articles. */
async function longCursor(of = tenant, asked: Record<string, string> = query): Promise<string> {
  const first = await search(of, asked);
  const second = await search(of, { ...asked, cursor: first.meta.next_cursor });
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
const otherSearch = 'belongs to another search';
const expired = 'has expired: begin the search again';

describe('a cursor that is issued', () => {
  const text: SearchText = { q: 'x', mode: 'hybrid' };
  const cursorOf = (letters: number): SearchCursor => ({
    served: 'keyword',
    keyword: {
      after: { id: '00000000-0000-4000-8000-000000000000', score: 5e-324 },
      before: 1,
      plan: { counts: { articles: 1, words: [1] }, spellings: [['a', 'b'.repeat(letters)]] },
    },
    seenIds: 'A'.repeat(900),
  });
  const lengthOf = (cursor: SearchCursor) => encodeCursor(sealCursor(tenant.id, text, cursor)).length;
  const issue = (cursor: SearchCursor) =>
    api.db.database.withTenant(tenant.id, (tx) => issueCursor(tx, tenant.id, text, cursor));
  const open = (cursor: string) =>
    openCursor(api.db.database, tenant.id, text, clientCursor.parse(decode(cursor)));
  /** The letters of the longest cursor that a client gets itself. */
  const fitting = () => {
    let letters = 1;
    while (lengthOf(cursorOf(letters + 1)) <= 2_000) letters += 1;
    return letters;
  };

  it('is the cursor itself up to 2,000 characters, and stores nothing', async () => {
    const cursor = cursorOf(fitting());
    const issued = await issue(cursor);
    expect(issued).toHaveLength(2_000);
    expect(await rows()).toEqual([]);
    expect(await open(issued)).toMatchObject({ kind: 'opened', cursor });
  });

  it('is a short reference to a row when it has one character more', async () => {
    const cursor = cursorOf(fitting() + 1);
    expect(lengthOf(cursor)).toBeGreaterThan(2_000);
    const issued = await issue(cursor);
    expect(issued.length).toBeLessThan(200);
    expect(await rows()).toMatchObject([{ cursor }]);
    expect(await open(issued)).toMatchObject({ kind: 'opened', cursor });
  });
});

describe('the pages of a long search', () => {
  it('have cursors of at most 2,000 characters, and show every article once', async () => {
    const pages = await readPages(tenant, query);
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
  it('gives the same page each time, and stores no second row', async () => {
    const cursor = await longCursor();
    const first = await search(tenant, { ...query, cursor });
    const stored = await rows();
    expect(stored).toHaveLength(2);
    expect(await search(tenant, { ...query, cursor })).toEqual(first);
    expect(await rows()).toHaveLength(2);
    expect(await longCursor()).toBe(cursor);
    expect(await rows()).toHaveLength(2);
    expect((await search(tenant, { ...query, limit: '7', cursor })).data).toEqual(first.data.slice(0, 7));
  });

  it('expires after an hour, and the answer says what to do', async () => {
    const cursor = await longCursor();
    await age(59);
    expect((await search(tenant, { ...query, cursor })).data).toHaveLength(100);
    await age(61);
    expect(await refusal(tenant, { ...query, cursor })).toBe(expired);
    expect(await longCursor()).toBe(cursor);
    expect((await search(tenant, { ...query, cursor })).data).toHaveLength(100);
  });

  it('has expired, too, when its row is gone or cannot be read', async () => {
    const cursor = await longCursor();
    await api.db.rawAsOwner(`update search_cursors set cursor = '{"served":"by an older version"}'`);
    expect(await refusal(tenant, { ...query, cursor })).toBe(expired);
    await api.db.rawAsOwner('delete from search_cursors');
    expect(await refusal(tenant, { ...query, cursor })).toBe(expired);
  });

  it('is refused for another tenant, whose row no checksum opens', async () => {
    const cursor = await longCursor();
    expect(await refusal(other, { ...query, cursor })).toBe(otherSearch);
    expect(await refusal(other, { ...query, cursor: forge(other, decode(cursor).stored) })).toBe(expired);
    // The same words of both tenants are rows of their own.
    const its = await longCursor(other);
    expect(its).not.toBe(cursor);
    expect(await rows(other)).toHaveLength(1);
  });

  it('is refused for another search, also when its reference is made up for that one', async () => {
    const { stored } = decode(await longCursor());
    expect((await ask(tenant, { ...query, cursor: forge(tenant, stored) })).status).toBe(200);
    expect(await refusal(tenant, { ...query, q: 'servals', cursor: forge(tenant, stored) })).toBe(
      otherSearch,
    );
    expect(await refusal(tenant, { ...query, q: 'servals', cursor: forge(tenant, stored, 'servals') })).toBe(
      otherSearch,
    );
  });

  it('is refused when its id is made up', async () => {
    const cursor = await longCursor();
    const madeUp = 'a'.repeat(32);
    expect(await refusal(tenant, { ...query, cursor: forge(tenant, madeUp) })).toBe(expired);
    expect(
      await refusal(tenant, { ...query, cursor: encodeCursor({ ...decode(cursor), stored: madeUp }) }),
    ).toBe(otherSearch);
    for (const stored of [7, '', 'a'.repeat(31), `${'a'.repeat(31)}'`, 'a'.repeat(1_000)]) {
      expect(await refusal(tenant, { ...query, cursor: encodeCursor({ ...decode(cursor), stored }) })).toBe(
        'is not a cursor of this list',
      );
    }
  });
});

describe('the stored cursors of a tenant', () => {
  const sealed = (of: TestTenant) =>
    sealCursor(of.id, { q: 'x', mode: 'semantic' }, { served: 'semantic', seenIds: 'AAAAAAAA' });
  const idOf = (i: number) => i.toString(16).padStart(32, '0');
  const store = (i: number, of = tenant) =>
    api.db.database.withTenant(of.id, (tx) => storeCursor(tx, of.id, idOf(i), sealed(of)));

  it('stay few: each that is written deletes up to twenty expired ones of the same tenant', async () => {
    for (let i = 0; i < 45; i += 1) await store(i);
    for (let i = 0; i < 5; i += 1) await store(i, other);
    await age(61);
    await store(100);
    expect(await rows()).toHaveLength(45 - 20 + 1);
    await store(101);
    await store(102);
    expect((await rows()).map(({ id }) => String(id).slice(-2)).sort()).toEqual(['64', '65', '66']);
    expect(await rows(other)).toHaveLength(5);
  });

  it('are written by many searches at once while old ones are deleted', async () => {
    for (let round = 0; round < 10; round += 1) {
      const ids = Array.from({ length: 10 }, (_, i) => i);
      await Promise.all(ids.map((i) => store(i)));
      await age(61);
      await Promise.all(ids.map((i) => store(i)));
      expect(await rows()).toHaveLength(10);
    }
  });
});
