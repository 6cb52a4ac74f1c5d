import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listArticles } from '../../../src/articles/store.ts';
import { type ArticleApi, startArticleApi, type TestTenant } from './article-api.ts';

let api: ArticleApi;
let tenant: TestTenant;
const written: string[] = [];
/** Three bytes a character: three articles take 4.5 MB. */
const longest = '知'.repeat(500_000);

beforeAll(async () => {
  api = await startArticleApi();
  tenant = await api.tenant('long');
  for (const body of [
    longest,
    'short',
    longest,
    longest,
    'short',
    longest,
    longest.slice(0, 10),
    longest,
    longest,
  ]) {
    const { body: answer } = await tenant.call('POST', '/articles', {
      body: { title: 'T', body, category: 'idea', force: true, metadata: { a: 'x'.repeat(100) } },
    });
    written.push(answer.data.id);
  }
}, 120_000);
afterAll(() => api.close());

/** Every page from the first to the last. */
async function pages(query: string) {
  const all: { id: string; body?: string }[][] = [];
  let cursor: string | null = null;
  do {
    const page = await tenant.call('GET', `/articles?${query}${cursor ? `&cursor=${cursor}` : ''}`);
    expect(page.status).toBe(200);
    all.push(page.body.data);
    cursor = page.body.meta.next_cursor;
  } while (cursor !== null);
  return all;
}

const ids = (all: { id: string }[][]) => all.flat().map(({ id }) => id);

describe('a page of long articles', () => {
  it('ends early, and the cursor goes on until every article was there once', async () => {
    const all = await pages('limit=100');
    expect(ids(all)).toEqual(written.toReversed());
    expect(all.length).toBeGreaterThanOrEqual(3);
    for (const page of all) {
      expect(page.length).toBeGreaterThan(0);
      expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(5_000_000);
    }
    // Two of the longest fit, and a short one between them.
    expect(all[0]?.length).toBe(3);
  });

  it('holds an article even when the page is one article long, and no more than `limit`', async () => {
    const all = await pages('limit=1');
    expect(all.map(({ length }) => length)).toEqual(written.map(() => 1));
    expect(ids(all)).toEqual(written.toReversed());
  });

  it('holds one article at least, even if that one is larger than a page', async () => {
    const listed = await api.db.database.withTenant(tenant.id, (tx) =>
      listArticles(tx, tenant.id, { limit: 5 }, 1),
    );
    expect(listed.page.map(({ article }) => article.id)).toEqual([written.at(-1)]);
    expect(listed.more).toBe(true);
  });

  it('ends early with filters, too', async () => {
    const all = await pages('limit=100&category=idea&status=published');
    expect(ids(all)).toEqual(written.toReversed());
  });

  it('has all articles when their bodies are left out', async () => {
    const all = await pages('limit=100&fields=title,revision');
    expect(all).toHaveLength(1);
    expect(ids(all)).toEqual(written.toReversed());
    for (const article of all.flat())
      expect(Object.keys(article).sort()).toEqual(['id', 'revision', 'title']);
  });

  it('has the bodies when `fields` names them', async () => {
    const all = await pages('limit=100&fields=body&fields=id');
    expect(ids(all)).toEqual(written.toReversed());
    expect(all.length).toBeGreaterThanOrEqual(3);
    expect(all.flat().filter(({ body }) => body === longest)).toHaveLength(6);
  });

  it.each(['fields=nonsense', 'fields=', 'fields=id,,title', `fields=${Array(50).fill('id').join()}`])(
    'is refused with %s',
    async (query) => {
      const { status, body } = await tenant.call('GET', `/articles?${query}`);
      expect(status).toBe(422);
      expect(body.errors[0].path).toMatch(/^fields/);
    },
  );
});
