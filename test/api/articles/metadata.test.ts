import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ArticleApi, startArticleApi, type TestTenant } from './article-api.ts';

let api: ArticleApi;
let tenant: TestTenant;
beforeAll(async () => {
  api = await startArticleApi();
  tenant = await api.tenant('metadata');
});
afterAll(() => api.close());

/** Writes an article with this JSON as its metadata. */
const write = (metadata: string) =>
  tenant.call('POST', '/articles', {
    body: `{"title":"T","body":"B","category":"idea","force":true,"metadata":${metadata}}`,
  });

describe('metadata', () => {
  it.each([
    '{"constructor":{"a":1},"prototype":null,"toString":"x","hasOwnProperty":0,"length":1}',
    '{"a":{"constructor":[{"valueOf":1}]},"":{"":""}," ":1}',
    '{"a":[9007199254740992,-9007199254740991,100000000000000000000,0.1,1e-7,5e-324,1.7976931348623157e308]}',
    '{"e\u0301":"e\u0301","\\u00e9":"\ufb01 x² \u00ad","👩‍👩‍👧":"\u200b"}',
  ])('comes back as it was sent: %s', async (metadata) => {
    const created = await write(metadata);
    expect(created.status).toBe(201);
    const read = await tenant.call('GET', `/articles/${created.body.data.id}`);
    expect(read.body.data.metadata).toEqual(JSON.parse(metadata));
    expect(Object.keys(read.body.data.metadata).sort()).toEqual(Object.keys(JSON.parse(metadata)).sort());
  });

  it.each([
    ['{"__proto__":{"a":1}}', 'metadata'],
    ['{"a":[{"__proto__":1}]}', 'metadata.a[0]'],
    ['{"a":1e400}', 'metadata.a'],
    ['{"a":{"b":[0,-1e999]}}', 'metadata.a.b[1]'],
    ['{"a":12345678901234567890}', 'metadata.a'],
    ['{"a":9007199254740993}', 'metadata.a'],
    ['{"a":1e-400}', 'metadata.a'],
    ['{"a":0.12345678901234567890}', 'metadata.a'],
    ['{"a":1,"b":2,"a":3}', 'metadata.a'],
  ])('is refused when it would be changed: %s', async (metadata, path) => {
    const { status, body } = await write(metadata);
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ path, message: expect.stringMatching(/\w+ \w+/) }]);
  });

  it('is refused in an edit too, and the article stays as it was', async () => {
    const { body: created } = await write('{"a":1}');
    const path = `/articles/${created.data.id}`;
    const { status } = await tenant.call('PATCH', path, { body: '{"metadata":{"a":12345678901234567890}}' });
    expect(status).toBe(422);
    expect((await tenant.call('GET', path)).body.data).toMatchObject({ metadata: { a: 1 }, revision: 1 });
  });
});

describe('tags of an article', () => {
  it.each([51, 30_000, 650_000])('are refused at once when they are %i', async (count) => {
    const { status, body } = await tenant.call('POST', '/articles', {
      body: `{"title":"T","body":"B","category":"idea","tags":[${Array(count).fill('""').join()}]}`,
    });
    expect(status).toBe(422);
    expect(body.errors).toEqual([{ path: 'tags', message: expect.stringContaining('at most') }]);
  });
});
