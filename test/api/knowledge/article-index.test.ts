import { describe, expect } from 'vitest';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfService } from '../../support/fixtures.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

// Tenants without an embedding key, and no Temporal.
const it = factsOfService(() => ({ TEMPORAL_ADDRESS: '127.0.0.1:1' })).extend(
  'tenant',
  ({ service }): Promise<TestTenant> => service.createTenant(),
);

describe('GET /knowledge/index', () => {
  it('is empty for a tenant without articles', async ({ service, tenant }) => {
    expect(await readIndex(service, tenant)).toEqual({
      data: [],
      meta: { total: 0, categories: [], tags: [], next_cursor: null },
    });
  });

  it('lists what is published, newest first and without bodies, and counts it by category and tag', async ({
    service,
    tenant,
  }) => {
    await write(service, tenant, 'First', { category: 'pattern', tags: ['net', 'http'] });
    const second = await write(service, tenant, 'Second', { category: 'pattern', tags: ['net'] });
    await write(service, tenant, 'Third', { category: 'finding', tags: ['net', 'dns'] });
    await write(service, tenant, 'Draft', { status: 'draft', tags: ['net'] });
    const archived = await write(service, tenant, 'Archived', { tags: ['net'] });
    await service.call(tenant.keys.user, 'DELETE', `/articles/${archived}`);

    const body = await readIndex(service, tenant);
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

  it('filters by category and by all or any of the tags, and counts what the filter lets through', async ({
    service,
    tenant,
  }) => {
    await write(service, tenant, 'Both', { category: 'pattern', tags: ['a', 'b'] });
    await write(service, tenant, 'Only a', { category: 'pattern', tags: ['a'] });
    await write(service, tenant, 'Only b', { category: 'finding', tags: ['b'] });
    await write(service, tenant, 'Neither', { category: 'finding' });
    expect(titles(await readIndex(service, tenant, 'category=finding'))).toEqual(['Neither', 'Only b']);
    expect(titles(await readIndex(service, tenant, 'tags=a,b'))).toEqual(['Both']);
    expect(titles(await readIndex(service, tenant, 'tags=a&tags=b&tags_match=any'))).toEqual([
      'Only b',
      'Only a',
      'Both',
    ]);
    const both = await readIndex(service, tenant, 'tags=a,b&tags_match=any&category=pattern&limit=1');
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

  it('gives every article once, while others are written and edited', async ({ service, tenant }) => {
    const there: string[] = [];
    for (let i = 0; i < 25; i += 1) there.push(await write(service, tenant, `Number ${i}`));
    let round = 0;
    const seen = await walk(service, tenant, 'limit=4', async () => {
      round += 1;
      await write(service, tenant, `Meanwhile ${round}`);
      for (const id of [there[round], there[24 - round]]) {
        const edit = { title: `A ${round}`, category: 'quote', body: `${round}` };
        expect((await service.call(tenant.keys.user, 'PATCH', `/articles/${id}`, edit)).status).toBe(200);
      }
    });
    expect(seen).toEqual(there.toReversed());
  });

  it('pages through articles of the same moment, each once', async ({ service, tenant }) => {
    const ids: string[] = [];
    for (let i = 0; i < 7; i += 1) ids.push(await write(service, tenant, `Number ${i}`));
    await service.db.database.withTenant(tenant.id, (tx) =>
      tx('articles').update({ created_at: '2026-01-01T00:00:00.123456Z' }),
    );
    expect((await walk(service, tenant, 'limit=2')).sort()).toEqual(ids.sort());
  });

  it('counts tags without their case, in the spelling that most articles have', async ({
    service,
    tenant,
  }) => {
    await write(service, tenant, 'First', { tags: ['NET', 'caf\u00e9'] });
    await write(service, tenant, 'Second', { tags: ['Net', 'Cafe\u0301'] });
    await write(service, tenant, 'Third', { tags: ['Net'] });
    const { meta } = await readIndex(service, tenant, 'tags=net');
    expect(meta.tags).toEqual([
      { tag: 'Net', count: 3 },
      { tag: expect.stringMatching(/^caf/i), count: 2 },
    ]);
    expect(titles(await readIndex(service, tenant, 'tags=CAF%C3%89,net'))).toEqual(['Second', 'First']);
  });

  it('has the hundred most frequent tags and a hundred articles a page', async ({ service, tenant }) => {
    const tags = (from: number) => Array.from({ length: 50 }, (_, i) => `t${from + i}`);
    for (const from of [0, 50, 100]) await write(service, tenant, `From ${from}`, { tags: tags(from) });
    await write(service, tenant, 'Again', { tags: ['t149'] });
    const { meta } = await readIndex(service, tenant);
    expect(meta.tags).toHaveLength(100);
    expect(meta.tags[0]).toEqual({ tag: 't149', count: 2 });
    for (let i = 4; i < 101; i += 1) await write(service, tenant, `Number ${i}`);
    const page = await readIndex(service, tenant);
    expect(page.data).toHaveLength(100);
    expect(page.meta).toMatchObject({ total: 101, next_cursor: expect.any(String) });
  });

  it('says which articles search by meaning finds now: not one that was edited', async ({
    service,
    tenant,
    key,
  }) => {
    await tenant.setEmbeddingKey(key);
    const ids = [
      await write(service, tenant, 'One'),
      await write(service, tenant, 'Two'),
      await write(service, tenant, 'Three'),
    ];
    for (const articleId of ids.slice(0, 2)) {
      expect(await embedOnce(service, { tenantId: tenant.id, articleId })).toBe('embedded');
    }
    await service.call(tenant.keys.user, 'PATCH', `/articles/${ids[1]}`, { body: 'Edited.' });
    const flags = (body: { data: { title: string; embedded: boolean }[] }) =>
      Object.fromEntries(body.data.map(({ title, embedded }) => [title, embedded]));
    const body = await readIndex(service, tenant);
    expect(flags(body)).toEqual({ One: true, Two: false, Three: false });
    // As the coverage counts them, and also while another model takes over.
    await service.call(tenant.keys.user, 'PATCH', '/tenants/me/llm-config', { embedding_model: 'another' });
    const { data } = (await service.call(tenant.keys.agent, 'GET', '/knowledge/embeddings')).body;
    expect(data.coverage).toEqual({ published: 3, embedded: 1 });
    expect(flags(await readIndex(service, tenant))).toEqual({ One: true, Two: false, Three: false });
  });

  it.for([
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
  ])('refuses a bad %s, by its name: %s', async ([path, query], { service, tenant }) => {
    const { status, body } = await ask(service, tenant, query);
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'validation_failed' });
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  it('shows nothing of another tenant, nor by its cursor', async ({ service }) => {
    const [ours, theirs] = [await service.createTenant(), await service.createTenant()];
    for (const title of ['Mine', 'My other']) await write(service, ours, title, { tags: ['ours'] });
    for (const title of ['Theirs', 'Another', 'A third'])
      await write(service, theirs, title, { tags: ['secret'] });
    const { meta } = await readIndex(service, theirs, 'limit=1');
    for (const query of ['', `cursor=${meta.next_cursor}`]) {
      const body = await readIndex(service, ours, query);
      expect(body.meta).toMatchObject({ total: 2, tags: [{ tag: 'ours', count: 2 }] });
      expect(titles(body).sort()).toEqual(['Mine', 'My other']);
    }
    expect(await service.call('lk_of_nobody', 'GET', '/knowledge/index')).toMatchObject({ status: 401 });
  });
});

async function write(
  service: RunningService,
  tenant: TestTenant,
  title: string,
  fields: object = {},
): Promise<string> {
  const article = { title, body: `The body of ${title}.`, category: 'idea', force: true, ...fields };
  const answer = await service.call(tenant.keys.agent, 'POST', '/articles', article);
  expect(answer.status).toBe(201);
  return answer.body.data.id;
}

function ask(service: RunningService, tenant: TestTenant, query = '') {
  return service.call(tenant.keys.agent, 'GET', `/knowledge/index?${query}`);
}

async function readIndex(service: RunningService, tenant: TestTenant, query = '') {
  const { status, body } = await ask(service, tenant, query);
  expect(status).toBe(200);
  return body;
}

function titles(body: { data: { title: string }[] }): string[] {
  return body.data.map(({ title }) => title);
}

/** Every page from the first to the last; `between` runs after each. */
async function walk(
  service: RunningService,
  tenant: TestTenant,
  query: string,
  between: () => Promise<unknown> = async () => 0,
) {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await readIndex(service, tenant, `${query}${cursor ? `&cursor=${cursor}` : ''}`);
    ids.push(...page.data.map(({ id }: { id: string }) => id));
    cursor = page.meta.next_cursor;
    await between();
  } while (cursor !== null);
  return ids;
}
