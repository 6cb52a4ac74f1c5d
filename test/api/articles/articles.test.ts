import { describe, expect } from 'vitest';
import { articleText, contentHash } from '../../../src/domain/article-text.ts';
import type { ArticleApi, TestTenant } from './article-api.ts';
import { factsOfArticles } from './article-facts.ts';

const it = factsOfArticles();
const draft = { title: 'Retries need a budget', body: 'Three layers, 27 requests.', category: 'pattern' };

describe('POST /articles', () => {
  it('answers 201 with the whole article, published and pending', async ({ tenant }) => {
    const answer = await tenant.call(
      'POST',
      '/articles',
      {
        body: {
          ...draft,
          tags: [' retries ', 'overload', 'retries'],
          source_type: 'handbook',
          metadata: { a: [1, { b: null }] },
          force: true,
        },
      },
      'agent',
    );
    expect(answer.status).toBe(201);
    const { data } = answer.body;
    expect(data).toEqual({
      ...draft,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      tags: ['retries', 'overload'],
      status: 'published',
      source_type: 'handbook',
      language: expect.toSatisfy((value) => value === null || value === 'en'),
      metadata: { a: [1, { b: null }] },
      revision: 1,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      updated_at: expect.stringMatching(/\.\d{3}Z$/),
      classification: null,
      embedding: {
        status: 'pending',
        reason: null,
        who: null,
        next_step: null,
        model: null,
        dimensions: null,
        chunks: null,
        rejected_chunks: [],
        content_hash: null,
        embedded_at: null,
        next_attempt_at: null,
        workflow_id: `embed-article/${tenant.id}/${data.id}`,
      },
    });
    expect(answer.body.meta).toEqual({
      gate: { verdict: 'skipped', similarity: null, nearest: [], reason: null },
    });
    expect(answer.headers.get('location')).toBe(`/api/v1/articles/${data.id}`);
    expect(answer.headers.get('etag')).toBe('"1"');
    expect((await tenant.call('GET', `/articles/${data.id}`)).body).toEqual({ data: { ...data, links: [] } });
  });

  it('sends the workflow of a published article and none for a draft', async ({ api, tenant }) => {
    const published = await write(tenant);
    const unpublished = await write(tenant, { status: 'draft' });
    await api.outbox.drain();
    const sent = api.sent.map(({ subjectId }) => subjectId);
    expect(sent).toContain(published);
    expect(sent).not.toContain(unpublished);
    const { body } = await tenant.call('GET', `/articles/${unpublished}`);
    expect(body.data.embedding.status).toBe('not_applicable');
  });

  it('leaves an audit row that names the acting key and holds no text', async ({ api, tenant }) => {
    const id = await write(tenant, { title: 'A title that is nobody else’s' });
    const [row, ...more] = await rows(
      api,
      tenant,
      'select action, actor_label, actor_role, details from audit_log where subject_id = ?',
      id,
    );
    expect(more).toEqual([]);
    expect(row).toEqual({
      action: 'article.created',
      actor_label: 'user',
      actor_role: 'user',
      details: { revision: 1, status: 'published', category: 'pattern', gate: 'unknown' },
    });
  });

  it('writes nothing at all when one part of the write fails', async ({ api, tenant }) => {
    const before = await tenant.call('GET', '/articles?limit=100');
    const actor = { tenantId: tenant.id, keyId: null, label: 'test', role: 'user' } as const;
    const input = {
      ...draft,
      category: 'pattern',
      tags: [],
      status: 'published',
      sourceType: null,
      metadata: {},
      force: false,
    } as const;
    const failing = api.articles.create(actor, input, () => Promise.reject(new Error('at the last step')));
    await expect(failing).rejects.toThrow('at the last step');
    expect((await tenant.call('GET', '/articles?limit=100')).body).toEqual(before.body);
  });

  it.for(['header', 'body'])(
    'gives the first answer again for an idempotency key in the %s',
    async (place, { tenant }) => {
      const key = `once-${place}`;
      const request =
        place === 'header'
          ? { body: draft, headers: { 'Idempotency-Key': key } }
          : { body: { ...draft, idempotency_key: key } };
      const answers = await Promise.all([1, 2, 3].map(() => tenant.call('POST', '/articles', request)));
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
      expect(new Set(answers.map(({ body }) => body.data.id)).size).toBe(1);
      const other = await tenant.call('POST', '/articles', {
        ...request,
        body: { ...request.body, title: 'Another' },
      });
      expect(other.status).toBe(409);
      expect(other.body.code).toBe('idempotency_key_reused');
    },
  );

  it.for<[string, object, string]>([
    ['no title', { title: undefined }, 'title'],
    ['an empty title', { title: '' }, 'title'],
    ['a blank title', { title: ' \t\n' }, 'title'],
    ['a title with nothing visible', { title: '\u200b\u00ad\u3164\u2800\ufe0f\u0301' }, 'title'],
    ['a tag with nothing visible', { tags: ['a', '\u200b\u2800'] }, 'tags[1]'],
    ['a title of 501 characters', { title: 'é'.repeat(501) }, 'title'],
    ['a title that is a number', { title: 7 }, 'title'],
    ['no body', { body: undefined }, 'body'],
    ['a body of 500,001 characters', { body: 'x'.repeat(500_001) }, 'body'],
    ['a NUL', { body: 'a\u0000b' }, 'body'],
    ['a control character', { body: 'a\u0007b' }, 'body'],
    ['a lone surrogate', { title: 'a\ud800' }, 'title'],
    ['no category', { category: undefined }, 'category'],
    ['an unknown category', { category: 'gossip' }, 'category'],
    ['51 tags', { tags: Array.from({ length: 51 }, (_, i) => `t${i}`) }, 'tags'],
    ['a tag of 101 characters', { tags: ['x'.repeat(101)] }, 'tags[0]'],
    ['a blank tag', { tags: ['a', ' '] }, 'tags[1]'],
    ['tags that are text', { tags: 'a,b' }, 'tags'],
    ['the status archived', { status: 'archived' }, 'status'],
    ['a source type of 101 characters', { source_type: 'x'.repeat(101) }, 'source_type'],
    ['metadata that is a list', { metadata: [1] }, 'metadata'],
    ['metadata of more than 64 KB', { metadata: { a: 'x'.repeat(70_000) } }, 'metadata'],
    ['a NUL deep in the metadata', { metadata: { a: [{ b: '\u0000' }] } }, 'metadata.a[0].b'],
    ['a force that is a word', { force: 'yes' }, 'force'],
    ['a force that is null', { force: null }, 'force'],
    ['an unknown field', { colour: 'red' }, 'colour'],
  ])('answers 422 to %s and names the field', async ([_, fields, path], { tenant }) => {
    const answer = await tenant.call('POST', '/articles', { body: { ...draft, ...fields } });
    expect(answer.status).toBe(422);
    expect(answer.body.code).toBe('validation_failed');
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  it('counts characters as people do: 500 emoji are a title', async ({ tenant }) => {
    const title = '🦉'.repeat(500);
    const { status, body } = await tenant.call('POST', '/articles', { body: { ...draft, title } });
    expect(status).toBe(201);
    expect(body.data.title).toBe(title);
  });

  it.for<[string, string]>([
    ['nothing', ''],
    ['one word', 'a'.repeat(500_000)],
    ['emoji', '🦉'.repeat(500_000)],
    [
      'CJK without a space',
      Array.from({ length: 500_000 }, (_, i) => String.fromCodePoint(0x4e00 + (i % 20_000))).join(''),
    ],
    ['ever new words', Array.from({ length: 70_000 }, (_, i) => (i + 40_000_000).toString(36)).join(' ')],
    [
      'compounds of ever new rare letters',
      Array.from({ length: 83_000 }, (_, n) => rareCompound(n)).join(' '),
    ],
    ['hyphens', 'w-'.repeat(250_000)],
    ['markup', '<a href="x">'.repeat(40_000)],
  ])('takes a body of 500,000 characters of %s', async ([_, body], { tenant }) => {
    const answer = await tenant.call('POST', '/articles', { body: { ...draft, body } });
    expect(answer.status).toBe(201);
    const read = await tenant.call('GET', `/articles/${answer.body.data.id}`);
    expect(read.body.data.body).toBe(body);
    expect((await tenant.call('DELETE', `/articles/${answer.body.data.id}`)).status).toBe(200);
  });
});

describe('GET /articles/:id', () => {
  it('answers 404 to an unknown id and to what is no id', async ({ tenant }) => {
    expect((await tenant.call('GET', '/articles/018f0000-0000-7000-8000-000000000000')).status).toBe(404);
    expect((await tenant.call('GET', '/articles/seven')).status).toBe(404);
  });
});

describe('PATCH /articles/:id', () => {
  it('changes the named fields, keeps the others and raises the revision', async ({ api, tenant }) => {
    const id = await write(tenant, { tags: ['old'], metadata: { kept: true } });
    const answer = await tenant.call('PATCH', `/articles/${id}`, {
      body: { title: 'New', tags: ['new'] },
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('etag')).toBe('"2"');
    expect(answer.body.data).toMatchObject({
      title: 'New',
      body: draft.body,
      tags: ['new'],
      metadata: { kept: true },
      revision: 2,
    });
    expect((await auditOf(api, tenant, id)).at(-1)).toEqual({
      action: 'article.updated',
      details: { revision: 2, fields: ['title', 'tags'] },
    });
  });

  it('starts nothing for an edit of category or metadata, nor of the order or the case of tags', async ({
    api,
    tenant,
  }) => {
    const id = await write(tenant, { tags: ['a', 'b'] });
    await api.outbox.drain();
    const before = api.sent.length;
    await api.db.database.withTenant(tenant.id, (tx) =>
      tx('article_embeddings').where({ article_id: id }).update({ status: 'embedded', chunks: 3 }),
    );
    const { body } = await tenant.call('PATCH', `/articles/${id}`, {
      body: { tags: ['B', 'A'], category: 'idea', metadata: { a: 1 } },
    });
    expect(body.data).toMatchObject({ revision: 2, embedding: { status: 'embedded', chunks: 3 } });
    await api.outbox.drain();
    expect(api.sent).toHaveLength(before);
  });

  it.for([
    ['text', { body: 'Another text.' }],
    ['tag', { tags: ['another'] }],
  ] as const)(
    'makes the embedding pending again for another %s, and signals it',
    async ([, body], { api, tenant }) => {
      const id = await write(tenant);
      await api.outbox.drain();
      const before = api.sent.length;
      await api.db.database.withTenant(tenant.id, (tx) =>
        tx('article_embeddings').where({ article_id: id }).update({ status: 'embedded' }),
      );
      const answer = await tenant.call('PATCH', `/articles/${id}`, { body });
      expect(answer.body.data.embedding.status).toBe('pending');
      await api.outbox.drain();
      expect(api.sent.slice(before).map(({ subjectId }) => subjectId)).toEqual([id]);
    },
  );

  it('raises no revision and leaves no audit row when nothing changes', async ({ api, tenant }) => {
    const id = await write(tenant, { tags: ['a'], metadata: { b: { c: 1 } } });
    for (const body of [{}, { title: draft.title, tags: ['a', ' a'], metadata: { b: { c: 1 } } }]) {
      const answer = await tenant.call('PATCH', `/articles/${id}`, { body });
      expect(answer.status).toBe(200);
      expect(answer.body.data.revision).toBe(1);
    }
    expect(await auditOf(api, tenant, id)).toHaveLength(1);
  });

  it.for<[string, number]>([
    ['"1"', 200],
    ['*', 200],
    ['"7", "1"', 200],
    ['"2"', 412],
    ['1', 422],
    ['W/"1"', 422],
    ['"one"', 422],
    ['""', 422],
  ])('takes If-Match: %s of an article at revision 1 as %i', async ([ifMatch, status], { tenant }) => {
    const id = await write(tenant);
    const answer = await tenant.call('PATCH', `/articles/${id}`, {
      body: { title: 'New' },
      headers: { 'If-Match': ifMatch },
    });
    expect(answer.status).toBe(status);
    if (status === 412) expect(answer.body.code).toBe('revision_mismatch');
    if (status === 422) expect(answer.body.errors[0].path).toBe('If-Match');
    const { body } = await tenant.call('GET', `/articles/${id}`);
    expect(body.data.revision).toBe(status === 200 ? 2 : 1);
  });

  it('lets exactly one of many concurrent edits of one revision through', async ({ tenant }) => {
    const id = await write(tenant);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        tenant.call('PATCH', `/articles/${id}`, {
          body: { title: `New ${i}` },
          headers: { 'If-Match': '"1"' },
        }),
      ),
    );
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 11 }, () => 412)]);
    const winner = answers.find(({ status }) => status === 200);
    const { body } = await tenant.call('GET', `/articles/${id}`);
    expect(body.data).toEqual({ ...winner?.body.data, links: [] });
  });

  it('makes concurrent edits without If-Match one after the other, with a revision and an audit row each', async ({
    api,
    tenant,
  }) => {
    const id = await write(tenant);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        tenant.call('PATCH', `/articles/${id}`, { body: i % 2 ? { title: `T${i}` } : { body: `B${i}` } }),
      ),
    );
    const revisions = answers.map(({ body }) => body.data.revision).sort((a, b) => a - b);
    expect(revisions).toEqual(Array.from({ length: 12 }, (_, i) => i + 2));
    const { body } = await tenant.call('GET', `/articles/${id}`);
    // Both fields were last written by somebody: neither kind of edit has undone the other.
    expect(body.data.title).toMatch(/^T\d+$/);
    expect(body.data.body).toMatch(/^B\d+$/);
    const [{ content_hash }] = await rows(api, tenant, 'select content_hash from articles where id = ?', id);
    expect(content_hash).toBe(contentHash(articleText(body.data)));
    expect(await auditOf(api, tenant, id)).toHaveLength(13);
  });

  it.for<[string, unknown, string]>([
    ['a null title', { title: null }, 'title'],
    ['a blank title', { title: ' ' }, 'title'],
    ['a title with nothing visible', { title: '\u3164' }, 'title'],
    ['null metadata', { metadata: null }, 'metadata'],
    ['a status', { status: 'archived' }, 'status'],
  ])('answers 422 to %s', async ([_, body, path], { tenant }) => {
    const answer = await tenant.call('PATCH', `/articles/${await write(tenant)}`, { body });
    expect(answer.status).toBe(422);
    expect(answer.body.errors[0].path).toBe(path);
  });
});

describe('the life of an article', () => {
  it.for<[string, string, number, string]>([
    ['draft', 'publish', 200, 'published'],
    ['draft', 'unpublish', 409, 'draft'],
    ['draft', 'archive', 200, 'archived'],
    ['draft', 'DELETE', 200, 'archived'],
    ['published', 'publish', 409, 'published'],
    ['published', 'unpublish', 200, 'draft'],
    ['published', 'archive', 200, 'archived'],
    ['published', 'DELETE', 200, 'archived'],
    ['archived', 'publish', 409, 'archived'],
    ['archived', 'unpublish', 409, 'archived'],
    ['archived', 'archive', 409, 'archived'],
    ['archived', 'DELETE', 409, 'archived'],
  ])('%s, %s: %i, then it is %s', async ([from, name, status, to], { api, tenant }) => {
    const id = await write(tenant, { status: from === 'published' ? 'published' : 'draft' });
    if (from === 'archived') await move(tenant, id, 'archive');
    const before = (await tenant.call('GET', `/articles/${id}`)).body.data;
    const auditBefore = await auditOf(api, tenant, id);

    const answer = await move(tenant, id, name);
    expect(answer.status).toBe(status);
    const { body } = await tenant.call('GET', `/articles/${id}`);
    expect(body.data.status).toBe(to);
    expect(body.data.embedding.status).toBe(to === 'published' ? 'pending' : 'not_applicable');
    if (status === 409) {
      expect(answer.body.code).toBe('transition_not_allowed');
      expect(body.data).toEqual(before);
      expect(await auditOf(api, tenant, id)).toEqual(auditBefore);
    } else {
      expect(body.data).toEqual({ ...answer.body.data, links: [] });
      expect(body.data.revision).toBe(before.revision + 1);
      expect((await auditOf(api, tenant, id)).at(-1)).toEqual({
        action: `article.${to === 'draft' ? 'unpublished' : to}`,
        details: { revision: before.revision + 1, from },
      });
    }
  });

  it('refuses to edit an archived article', async ({ tenant }) => {
    const id = await write(tenant);
    await move(tenant, id, 'archive');
    const answer = await tenant.call('PATCH', `/articles/${id}`, { body: { title: 'New' } });
    expect(answer.status).toBe(409);
    expect(answer.body.code).toBe('transition_not_allowed');
  });

  it('publishes once when many ask at once', async ({ tenant }) => {
    const id = await write(tenant, { status: 'draft' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => move(tenant, id, 'publish')));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      200,
      ...Array.from({ length: 7 }, () => 409),
    ]);
  });

  it.for<[string, string, 'agent' | 'orchestrator']>([
    ['PATCH', '', 'orchestrator'],
    ['POST', '/publish', 'agent'],
    ['POST', '/unpublish', 'orchestrator'],
    ['POST', '/archive', 'orchestrator'],
    ['DELETE', '', 'orchestrator'],
  ])('%s %s answers 403 to the role %s', async ([method, path, role], { tenant }) => {
    const id = await write(tenant, { status: 'draft' });
    const call = method === 'PATCH' ? { body: { title: 'New' } } : {};
    expect((await tenant.call(method, `/articles/${id}${path}`, call, role)).status).toBe(403);
  });

  it('lets an orchestrator publish', async ({ tenant }) => {
    const id = await write(tenant, { status: 'draft' });
    expect((await tenant.call('POST', `/articles/${id}/publish`, {}, 'orchestrator')).status).toBe(200);
  });
});

/** The n-th of a series of letters that look random and take 4 bytes each. */
function rareLetter(n: number): string {
  return String.fromCodePoint(0x20000 + ((n * n + n * 7_919) % 42_000));
}

function rareCompound(n: number): string {
  return `${rareLetter(n) + rareLetter(n * 3)}-${rareLetter(n * 5)}${rareLetter(n * 11)}`;
}

/** Writes the draft with other fields. Answers its id. */
async function write(tenant: TestTenant, fields: object = {}): Promise<string> {
  const { body } = await tenant.call('POST', '/articles', { body: { ...draft, ...fields } });
  return body.data.id;
}

function move(tenant: TestTenant, id: string, name: string) {
  return name === 'DELETE'
    ? tenant.call('DELETE', `/articles/${id}`)
    : tenant.call('POST', `/articles/${id}/${name}`);
}

function rows(api: ArticleApi, tenant: TestTenant, sql: string, id: string) {
  return api.db.database.withTenant(tenant.id, (tx) => tx.raw(sql, [id])).then((r) => r.rows);
}

function auditOf(api: ArticleApi, tenant: TestTenant, id: string) {
  return rows(api, tenant, 'select action, details from audit_log where subject_id = ? order by id', id);
}
