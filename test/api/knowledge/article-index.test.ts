import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ProviderTwin, startProviderTwin, twinKey } from '../../support/provider-twin.ts';
import { type RunningService, startService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

let twin: ProviderTwin;
let service: RunningService;

beforeAll(async () => {
  twin = await startProviderTwin();
  service = await startService({ EMBEDDING_BASE_URL: twin.baseUrl, TEMPORAL_ADDRESS: '127.0.0.1:1' });
});
afterAll(async () => {
  await service.close();
  await twin.close();
});

async function write(tenant: TestTenant, title: string, fields: object = {}): Promise<string> {
  const article = { title, body: `The body of ${title}.`, category: 'idea', force: true, ...fields };
  const answer = await service.call(tenant.keys.agent, 'POST', '/articles', article);
  expect(answer.status).toBe(201);
  return answer.body.data.id;
}

const ask = (tenant: TestTenant, query = '') =>
  service.call(tenant.keys.agent, 'GET', `/knowledge/index?${query}`);
const readIndex = async (tenant: TestTenant, query = '') => {
  const { status, body } = await ask(tenant, query);
  expect(status).toBe(200);
  return body;
};
const titles = (body: { data: { title: string }[] }) => body.data.map(({ title }) => title);

/** Every page from the first to the last; `between` runs after each. */
async function walk(tenant: TestTenant, query: string, between: () => Promise<unknown> = async () => 0) {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await readIndex(tenant, `${query}${cursor ? `&cursor=${cursor}` : ''}`);
    ids.push(...page.data.map(({ id }: { id: string }) => id));
    cursor = page.meta.next_cursor;
    await between();
  } while (cursor !== null);
  return ids;
}

describe('GET /knowledge/index', () => {
  it('is empty for a tenant without articles', async () => {
    expect(await readIndex(await service.createTenant())).toEqual({
      data: [],
      meta: { total: 0, categories: [], tags: [], next_cursor: null },
    });
  });

  it('lists what is published, newest first and without bodies, and counts it by category and tag', async () => {
    const tenant = await service.createTenant();
    await write(tenant, 'First', { category: 'pattern', tags: ['net', 'http'] });
    const second = await write(tenant, 'Second', { category: 'pattern', tags: ['net'] });
    await write(tenant, 'Third', { category: 'finding', tags: ['net', 'dns'] });
    await write(tenant, 'Draft', { status: 'draft', tags: ['net'] });
    const archived = await write(tenant, 'Archived', { tags: ['net'] });
    await service.call(tenant.keys.user, 'DELETE', `/articles/${archived}`);

    const body = await readIndex(tenant);
    expect(titles(body)).toEqual(['Third', 'Second', 'First']);
    const article = await service.call(tenant.keys.agent, 'GET', `/articles/${second}`);
    expect(body.data[1]).toEqual({
      id: second,
      title: 'Second',
      category: 'pattern',
      tags: ['net'],
      updated_at: article.body.data.updated_at,
      embedded: false,
    });
    expect(body.meta).toEqual({
      total: 3,
      categories: [
        { category: 'pattern', count: 2 },
        { category: 'finding', count: 1 },
      ],
      tags: [
        { tag: 'net', count: 3 },
        { tag: 'dns', count: 1 },
        { tag: 'http', count: 1 },
      ],
      next_cursor: null,
    });
  });

  it('filters by category and by all or any of the tags, and counts what the filter lets through', async () => {
    const tenant = await service.createTenant();
    await write(tenant, 'Both', { category: 'pattern', tags: ['a', 'b'] });
    await write(tenant, 'Only a', { category: 'pattern', tags: ['a'] });
    await write(tenant, 'Only b', { category: 'finding', tags: ['b'] });
    await write(tenant, 'Neither', { category: 'finding' });
    expect(titles(await readIndex(tenant, 'category=finding'))).toEqual(['Neither', 'Only b']);
    expect(titles(await readIndex(tenant, 'tags=a,b'))).toEqual(['Both']);
    expect(titles(await readIndex(tenant, 'tags=a&tags=b&tags_match=any'))).toEqual([
      'Only b',
      'Only a',
      'Both',
    ]);
    const both = await readIndex(tenant, 'tags=a,b&tags_match=any&category=pattern&limit=1');
    expect(titles(both)).toEqual(['Only a']);
    expect(both.meta).toMatchObject({
      total: 2,
      categories: [{ category: 'pattern', count: 2 }],
      tags: [
        { tag: 'a', count: 2 },
        { tag: 'b', count: 1 },
      ],
    });
  });

  it('gives every article once, however many are written and edited meanwhile', async () => {
    const tenant = await service.createTenant();
    const there: string[] = [];
    for (let i = 0; i < 25; i += 1) there.push(await write(tenant, `Number ${i}`));
    let turn = 0;
    const seen = await walk(tenant, 'limit=4', async () => {
      turn += 1;
      await write(tenant, `Meanwhile ${turn}`);
      for (const id of [there[turn], there[24 - turn]]) {
        const edit = { title: `A ${turn}`, category: 'quote', body: `${turn}` };
        expect((await service.call(tenant.keys.user, 'PATCH', `/articles/${id}`, edit)).status).toBe(200);
      }
    });
    expect(seen).toEqual(there.toReversed());
  });

  it('tells articles of the same moment apart', async () => {
    const tenant = await service.createTenant();
    const ids: string[] = [];
    for (let i = 0; i < 7; i += 1) ids.push(await write(tenant, `Number ${i}`));
    await service.db.database.withTenant(tenant.id, (tx) =>
      tx('articles').update({ created_at: '2026-01-01T00:00:00.123456Z' }),
    );
    expect((await walk(tenant, 'limit=2')).sort()).toEqual(ids.sort());
  });

  it('counts tags without their case, in the spelling that most articles have', async () => {
    const tenant = await service.createTenant();
    await write(tenant, 'First', { tags: ['NET', 'caf\u00e9'] });
    await write(tenant, 'Second', { tags: ['Net', 'Cafe\u0301'] });
    await write(tenant, 'Third', { tags: ['Net'] });
    const { meta } = await readIndex(tenant, 'tags=net');
    expect(meta.tags).toEqual([
      { tag: 'Net', count: 3 },
      { tag: expect.stringMatching(/^caf/i), count: 2 },
    ]);
    expect(titles(await readIndex(tenant, 'tags=CAF%C3%89,net'))).toEqual(['Second', 'First']);
  });

  it('has the hundred most frequent tags and a hundred articles a page', async () => {
    const tenant = await service.createTenant();
    const tags = (from: number) => Array.from({ length: 50 }, (_, i) => `t${from + i}`);
    for (const from of [0, 50, 100]) await write(tenant, `From ${from}`, { tags: tags(from) });
    await write(tenant, 'Again', { tags: ['t149'] });
    const { meta } = await readIndex(tenant);
    expect(meta.tags).toHaveLength(100);
    expect(meta.tags[0]).toEqual({ tag: 't149', count: 2 });
    for (let i = 4; i < 101; i += 1) await write(tenant, `Number ${i}`);
    const page = await readIndex(tenant);
    expect(page.data).toHaveLength(100);
    expect(page.meta).toMatchObject({ total: 101, next_cursor: expect.any(String) });
  });

  it('says which articles search by meaning finds now: not one that was edited', async () => {
    const tenant = await service.createTenant(twinKey());
    const ids = [await write(tenant, 'One'), await write(tenant, 'Two'), await write(tenant, 'Three')];
    const { steps } = service.services;
    for (const articleId of ids.slice(0, 2)) {
      const article = { tenantId: tenant.id, articleId };
      const resolved = await steps.resolveKey(article);
      if (resolved.kind !== 'reference') throw new Error(resolved.kind);
      const check = await steps.checkContentHash(article, resolved.key);
      if (check.kind === 'missing') await steps.generate(article, resolved.key, check.contentHash);
    }
    await service.call(tenant.keys.user, 'PATCH', `/articles/${ids[1]}`, { body: 'Edited.' });
    const flags = (body: { data: { title: string; embedded: boolean }[] }) =>
      Object.fromEntries(body.data.map(({ title, embedded }) => [title, embedded]));
    const body = await readIndex(tenant);
    expect(flags(body)).toEqual({ One: true, Two: false, Three: false });
    // As the coverage counts them, and also while another model takes over.
    await service.call(tenant.keys.user, 'PATCH', '/tenants/me/llm-config', { embedding_model: 'another' });
    const { data } = (await service.call(tenant.keys.agent, 'GET', '/knowledge/embeddings')).body;
    expect(data.coverage).toEqual({ published: 3, embedded: 1 });
    expect(flags(await readIndex(tenant))).toEqual({ One: true, Two: false, Three: false });
  });

  it.each([
    ['category', 'category=nonsense'],
    ['tags', `tags=${Array.from({ length: 51 }, (_, i) => `t${i}`).join(',')}`],
    ['tags[0]', `tags=${'x'.repeat(101)}`],
    ['tags_match', 'tags=a&tags_match=some'],
    ['limit', 'limit=0'],
    ['limit', 'limit=101'],
    ['limit', 'limit=ten'],
    ['cursor', 'cursor=nonsense'],
    ['cursor', `cursor=${Buffer.from('{"at":"yesterday","id":"x"}').toString('base64url')}`],
    ['q', 'q=words'],
  ])('refuses a bad %s, by its name: %s', async (path, query) => {
    const { status, body } = await ask(await service.createTenant(), query);
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'validation_failed' });
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  it('shows nothing of another tenant, nor by its cursor', async () => {
    const [ours, theirs] = [await service.createTenant(), await service.createTenant()];
    for (const title of ['Mine', 'My other']) await write(ours, title, { tags: ['ours'] });
    for (const title of ['Theirs', 'Another', 'A third']) await write(theirs, title, { tags: ['secret'] });
    const { meta } = await readIndex(theirs, 'limit=1');
    for (const query of ['', `cursor=${meta.next_cursor}`]) {
      const body = await readIndex(ours, query);
      expect(body.meta).toMatchObject({ total: 2, tags: [{ tag: 'ours', count: 2 }] });
      expect(titles(body).sort()).toEqual(['Mine', 'My other']);
    }
    expect(await service.call('lk_of_nobody', 'GET', '/knowledge/index')).toMatchObject({ status: 401 });
  });
});
