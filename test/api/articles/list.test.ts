import { describe, expect } from 'vitest';
import type { TestTenant } from './article-api.ts';
import { factsOfArticles } from './article-facts.ts';

const it = factsOfArticles();

describe('GET /articles', () => {
  it('pages newest first, 20 a page, and ends with a null cursor', async ({ tenant }) => {
    const written: string[] = [];
    for (let i = 0; i < 45; i += 1) written.push(await write(tenant));
    const first = await tenant.call('GET', '/articles', {}, 'agent');
    expect(first.body.data).toHaveLength(20);
    const { links: _, ...newest } = (await tenant.call('GET', `/articles/${written.at(-1)}`)).body.data;
    expect(first.body.data[0]).toEqual(newest);
    expect(await walk(tenant, '')).toEqual(written.reverse());
    expect((await tenant.call('GET', '/articles?limit=45')).body.meta.next_cursor).toBeNull();
  });

  it('gives every article once, while others are written and edited', async ({ tenant }) => {
    const there = new Set(await Promise.all(Array.from({ length: 40 }, () => write(tenant))));
    const seen = await walk(tenant, 'limit=7', async () => {
      await Promise.all([write(tenant), write(tenant), write(tenant)]);
      const [edited = ''] = there;
      await tenant.call('PATCH', `/articles/${edited}`, { body: { title: `T${Math.random()}` } });
    });
    expect(new Set(seen).size).toBe(seen.length);
    expect(new Set(seen.filter((id) => there.has(id)))).toEqual(there);
  });

  it('pages through articles of the same moment, each once', async ({ api, tenant }) => {
    const ids = await Promise.all(Array.from({ length: 9 }, () => write(tenant)));
    await api.db.database.withTenant(tenant.id, (tx) =>
      tx('articles').update({ created_at: '2026-01-01T00:00:00.123456Z' }),
    );
    const seen = await walk(tenant, 'limit=2');
    expect(seen).toHaveLength(9);
    expect(new Set(seen)).toEqual(new Set(ids));
  });

  it('filters by category, status, embedding status and all or any of the tags', async ({ tenant }) => {
    const ab = await write(tenant, { tags: ['a', 'b'] });
    const a = await write(tenant, { tags: ['a'], category: 'quote' });
    const comma = await write(tenant, { tags: ['x,y'], status: 'draft' });
    const ids = async (query: string) => new Set(await walk(tenant, query));
    expect(await ids('tags=a')).toEqual(new Set([ab, a]));
    expect(await ids('tags=a,b')).toEqual(new Set([ab]));
    expect(await ids('tags=a&tags=b')).toEqual(new Set([ab]));
    expect(await ids('tags=b,nowhere&tags_match=any')).toEqual(new Set([ab]));
    expect(await ids('tags=a,nowhere&tags_match=all')).toEqual(new Set());
    expect(await ids('tags=x%2Cy&tags=x%2Cy')).toEqual(new Set([comma]));
    expect(await ids('category=quote')).toEqual(new Set([a]));
    expect(await ids('category=quote&tags=b')).toEqual(new Set());
    expect(await ids('status=draft')).toEqual(new Set([comma]));
    expect(await ids('embedding_status=pending')).toEqual(new Set([ab, a]));
    expect(await ids('embedding_status=not_applicable')).toEqual(new Set([comma]));
  });

  const id = '018f0000-0000-7000-8000-000000000000';
  it.for<[string, string]>([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=ten', 'limit'],
    ['limit=', 'limit'],
    ['category=gossip', 'category'],
    ['status=lost', 'status'],
    ['embedding_status=lost', 'embedding_status'],
    ['tags=a,,b', 'tags[1]'],
    ['order=title', 'order'],
    ['cursor=', 'cursor'],
    ['cursor=%00', 'cursor'],
    ['cursor=nonsense', 'cursor'],
    [`cursor=${cursorOf({ at: '2026-01-01', id })}`, 'cursor'],
    [`cursor=${cursorOf({ at: '0000-01-01T00:00:00.000000Z', id })}`, 'cursor'],
    [`cursor=${cursorOf({ at: '2026-02-30T00:00:00.000000Z', id })}`, 'cursor'],
    [`cursor=${cursorOf({ at: '2026-01-01T00:00:00.000000Z', id: 'x' })}`, 'cursor'],
  ])('answers 422 to %s and names %s', async ([query, path], { tenant }) => {
    const answer = await tenant.call('GET', `/articles?${query}`);
    expect(answer.status).toBe(422);
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });
});

async function write(tenant: TestTenant, fields: object = {}): Promise<string> {
  const { body } = await tenant.call('POST', '/articles', {
    body: { title: 'T', body: 'B', category: 'idea', ...fields },
  });
  return body.data.id;
}

/** Every page from the first to the last; `between` runs after each. */
async function walk(tenant: TestTenant, query: string, between: () => Promise<unknown> = async () => 0) {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await tenant.call('GET', `/articles?${query}${cursor ? `&cursor=${cursor}` : ''}`);
    expect(page.status).toBe(200);
    ids.push(...page.body.data.map(({ id }: { id: string }) => id));
    cursor = page.body.meta.next_cursor;
    await between();
  } while (cursor !== null);
  return ids;
}

function cursorOf(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}
