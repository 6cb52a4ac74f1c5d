import { randomUUID } from 'node:crypto';
import pgvector from 'pgvector/knex';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { QueryVector } from '../../src/embedding/ports.ts';
import type { CurrentKey } from '../../src/llm-config/service.ts';
import { type ArticleApi, startArticleApi, type TestTenant } from './article-api.ts';

let api: ArticleApi;
/** What the embedding of a query answers, and how often it was asked. */
let answer: QueryVector = { kind: 'no_vectors' };
let asked = 0;
let key: CurrentKey | undefined;

beforeAll(async () => {
  api = await startArticleApi({
    queryEmbeddings: {
      embedQuery: async () => {
        asked += 1;
        return answer;
      },
    },
    providerKeys: { current: async () => key },
  });
});
afterAll(() => api.close());
beforeEach(() => {
  answer = { kind: 'no_vectors' };
  asked = 0;
  key = { version: 1, ciphertext: 'sealed', status: 'verified', model: 'm' };
});

const write = async (tenant: TestTenant, title: string, body: string, fields: object = {}) => {
  const { body: answered } = await tenant.call('POST', '/articles', {
    body: { title, body, category: 'finding', ...fields },
  });
  const id: string = answered.data.id;
  return id;
};

const search = async (tenant: TestTenant, query: Record<string, string>) => {
  const { status, body } = await tenant.call(
    'GET',
    `/knowledge/search?${new URLSearchParams(query)}`,
    {},
    'agent',
  );
  expect(status).toBe(200);
  return body;
};
const titles = (body: { data: { title: string }[] }) => body.data.map(({ title }) => title);

/** The tenant's serving space, with 3 dimensions, and a way to give an article vectors for its current text. */
async function vectorsOf(tenant: TestTenant) {
  const spaceId = randomUUID();
  const within = api.db.database.withTenant;
  await within(tenant.id, (tx) =>
    tx('embedding_spaces').insert({
      tenant_id: tenant.id,
      id: spaceId,
      model: 'm',
      dimensions: 3,
      chunker_version: 1,
      serving: true,
    }),
  );
  const embed = (articleId: string, chunks: Record<string, readonly number[]>) =>
    within(tenant.id, async (tx) => {
      const { content_hash } = await tx('articles').where({ id: articleId }).first('content_hash');
      for (const [text, vector] of Object.entries(chunks)) {
        await tx('chunk_vectors').insert({
          tenant_id: tenant.id,
          article_id: articleId,
          space_id: spaceId,
          chunk_hash: `hash of ${text}`,
          text,
          embedding: pgvector.toSql([...vector]),
        });
      }
      await tx('article_manifests').insert({
        tenant_id: tenant.id,
        article_id: articleId,
        space_id: spaceId,
        content_hash,
        chunk_hashes: Object.keys(chunks).map((text) => `hash of ${text}`),
      });
    });
  const asking = (vector: readonly number[]): QueryVector => ({
    kind: 'vector',
    spaceId,
    model: 'm',
    vector,
  });
  return { spaceId, embed, asking };
}

describe('keyword search', () => {
  let tenant: TestTenant;
  beforeAll(async () => {
    tenant = await api.tenant('words');
    await write(tenant, 'Backoff', 'Waiting longer after each retry. '.repeat(3), { tags: ['net', 'http'] });
    await write(tenant, 'Retry budgets', 'At most one in ten.', { tags: ['net'], category: 'pattern' });
    await write(tenant, 'Hidden draft', 'retry', { status: 'draft' });
    const archived = await write(tenant, 'Archived', 'retry');
    await tenant.call('DELETE', `/articles/${archived}`);
  });

  it('finds published articles by their words, the title before the body, and asks no provider', async () => {
    const body = await search(tenant, { q: 'retries', mode: 'keyword' });
    expect(titles(body)).toEqual(['Retry budgets', 'Backoff']);
    expect(body.data[0]).toEqual({
      id: expect.any(String),
      title: 'Retry budgets',
      category: 'pattern',
      tags: ['net'],
      score: expect.any(Number),
      snippet: 'At most one in ten.',
      matched: ['keyword'],
    });
    expect(body.data[1].snippet).toContain('each <mark>retry</mark>.');
    expect(body.meta).toEqual({
      mode: 'keyword',
      served_mode: 'keyword',
      fallback: false,
      fallback_reason: null,
      coverage: { published: 2, embedded: 0 },
      retry_at: null,
      next_cursor: null,
    });
    expect(asked).toBe(0);
  });

  it.each<[string, string[]]>([
    ['"waiting longer"', ['Backoff']],
    ['"longer waiting"', []],
    ['retry -backoff', ['Retry budgets']],
    ['longer or budgets', ['Retry budgets', 'Backoff']],
    ['retry longer', ['Backoff']],
  ])('understands %s', async (q, expected) => {
    expect(titles(await search(tenant, { q, mode: 'keyword' }))).toEqual(expected);
  });

  it('filters by category and all tags', async () => {
    const found = async (filter: Record<string, string>) =>
      titles(await search(tenant, { q: 'retry', mode: 'keyword', ...filter }));
    expect(await found({ category: 'pattern' })).toEqual(['Retry budgets']);
    expect(await found({ tags: 'net' })).toHaveLength(2);
    expect(await found({ tags: 'net,http' })).toEqual(['Backoff']);
    expect(await found({ category: 'pattern', tags: 'http' })).toEqual([]);
  });

  it('lets no markup of an article into a snippet', async () => {
    await write(
      tenant,
      'Injected',
      'zebra <script>alert("zebra")</script> <img src=x onerror=alert(1)> a < b & c',
    );
    const { data } = await search(tenant, { q: 'zebra', mode: 'keyword' });
    expect(data[0].snippet).toContain('<mark>zebra</mark>');
    expect(data[0].snippet.replaceAll(/<\/?mark>/g, '')).not.toMatch(/[<>"']/);
  });

  it('finds a word at the very end of a long text', async () => {
    await write(tenant, 'Long', `${'word '.repeat(99_000)} quagga`);
    const { data } = await search(tenant, { q: 'quagga', mode: 'keyword' });
    expect(data).toHaveLength(1);
    expect(data[0].snippet.length).toBeLessThan(600);
  });

  it('bounds the snippet of one endless word', async () => {
    await write(tenant, 'Okapi', `okapi ${'a'.repeat(100_000)}`);
    const { data } = await search(tenant, { q: 'okapi', mode: 'keyword' });
    expect(data[0].snippet.length).toBeLessThan(600);
  });
});

describe('a query of no meaning or of ill will', () => {
  let tenant: TestTenant;
  beforeAll(async () => {
    tenant = await api.tenant('hostile');
    await write(tenant, 'Something', 'that could be found');
  });

  it.each([
    '&',
    '| !',
    '<->',
    '-',
    '"',
    '""',
    "'",
    ':*',
    '()',
    '!!!',
    '\\',
    '; --',
    '%',
    '&|!<-> ()',
    '-"',
    '@@@',
  ])('%s finds nothing and asks no provider', async (q) => {
    for (const mode of ['keyword', 'semantic', 'hybrid']) {
      const body = await search(tenant, { q, mode });
      expect(body.data).toEqual([]);
      expect(body.meta).toMatchObject({ served_mode: mode, fallback: false, next_cursor: null });
    }
    expect(asked).toBe(0);
  });

  it.each([
    "'; drop table articles; --",
    'the and of',
    '?',
    ':tenantId ? $1 ??',
    'zzz:*&(|',
    'x'.repeat(500),
    '🦉'.repeat(500),
    'or or or -or',
    Array.from({ length: 100 }, (_, i) => String.fromCharCode(0x4e00 + i)).join(' or '),
    '<script>alert(1)</script>',
  ])('%s is answered', async (q) => {
    await search(tenant, { q, mode: 'keyword' });
    await search(tenant, { q });
  });

  it.each<[string, string]>([
    ['', 'q'],
    ['q=', 'q'],
    ['q=%20%20', 'q'],
    [`q=${'x'.repeat(501)}`, 'q'],
    ['q=a%00b', 'q'],
    ['q=a&q=b', 'q'],
    ['q=a&mode=psychic', 'mode'],
    ['q=a&category=gossip', 'category'],
    ['q=a&tags=a,,b', 'tags[1]'],
    ['q=a&limit=0', 'limit'],
    ['q=a&limit=101', 'limit'],
    ['q=a&page=2', 'page'],
    ['q=a&cursor=nonsense', 'cursor'],
    [
      `q=a&cursor=${Buffer.from('{"mode":"hybrid","query":"x","position":-1}').toString('base64url')}`,
      'cursor',
    ],
  ])('answers 422 to ?%s', async (query, path) => {
    const { status, body } = await tenant.call('GET', `/knowledge/search?${query}`);
    expect(status).toBe(422);
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });
});

describe('semantic search', () => {
  it('ranks articles by their best chunk and shows its passage', async () => {
    const tenant = await api.tenant('meaning');
    const { embed, asking } = await vectorsOf(tenant);
    await embed(await write(tenant, 'Far', 'b'), { 'far away': [0, 0, 1] });
    await embed(await write(tenant, 'Near', 'b'), {
      'off the point': [0, 1, 0],
      'to <the> point': [3, 0.3, 0],
    });
    await embed(await write(tenant, 'Nearest', 'b'), { 'the point': [5, 0, 0] });
    answer = asking([1, 0, 0]);
    const body = await search(tenant, { q: 'anything', mode: 'semantic' });
    expect(titles(body)).toEqual(['Nearest', 'Near', 'Far']);
    expect(body.data[1]).toMatchObject({ snippet: 'to &lt;the&gt; point', matched: ['semantic'] });
    expect(body.data.map(({ score }: { score: number }) => score)).toEqual([
      1,
      expect.closeTo(0.995, 3),
      expect.closeTo(0, 6),
    ]);
    expect(body.meta).toMatchObject({
      mode: 'semantic',
      served_mode: 'semantic',
      fallback: false,
      fallback_reason: null,
      coverage: { published: 3, embedded: 3 },
    });
  });

  it('does not see the vectors of a text that is no longer the article’s', async () => {
    const tenant = await api.tenant('stale');
    const { embed, asking, spaceId } = await vectorsOf(tenant);
    const edited = await write(tenant, 'Edited', 'before');
    const tagged = await write(tenant, 'Tagged', 'b');
    const shortened = await write(tenant, 'Shortened', 'b');
    await embed(edited, { before: [1, 0, 0] });
    await embed(tagged, { tagged: [1, 0, 0] });
    await embed(shortened, { kept: [0, 1, 0], dropped: [1, 0, 0] });
    answer = asking([1, 0, 0]);
    const now = async () => {
      const { data, meta } = await search(tenant, { q: 'x', mode: 'semantic' });
      return {
        scores: Object.fromEntries(
          data.map((hit: { title: string; score: number }) => [hit.title, hit.score]),
        ),
        meta,
      };
    };
    expect((await now()).scores).toEqual({ Edited: 1, Tagged: 1, Shortened: 1 });

    await tenant.call('PATCH', `/articles/${edited}`, { body: { body: 'after' } });
    await tenant.call('PATCH', `/articles/${tagged}`, { body: { tags: ['new'] } });
    await api.db.database.withTenant(tenant.id, (tx) =>
      tx('article_manifests')
        .where({ article_id: shortened, space_id: spaceId })
        .update({ chunk_hashes: ['hash of kept'] }),
    );
    const then = await now();
    expect(then.scores).toEqual({ Tagged: 1, Shortened: 0 });
    expect(then.meta.coverage).toEqual({ published: 3, embedded: 2 });

    // A revert finds its vectors again, without a call.
    await tenant.call('PATCH', `/articles/${edited}`, { body: { body: 'before' } });
    expect((await now()).scores).toEqual({ Edited: 1, Tagged: 1, Shortened: 0 });
  });

  it('shows neither drafts nor archived articles nor vectors of another space', async () => {
    const tenant = await api.tenant('hidden');
    const { embed, asking } = await vectorsOf(tenant);
    const draft = await write(tenant, 'Draft', 'b');
    const archived = await write(tenant, 'Archived', 'b');
    await embed(draft, { d: [1, 0, 0] });
    await embed(archived, { a: [1, 0, 0] });
    await tenant.call('POST', `/articles/${draft}/unpublish`);
    await tenant.call('DELETE', `/articles/${archived}`);
    const shown = await write(tenant, 'Shown', 'b');
    await embed(shown, { s: [0, 1, 0] });
    answer = asking([1, 0, 0]);
    expect(titles(await search(tenant, { q: 'x', mode: 'semantic' }))).toEqual(['Shown']);
    answer = { kind: 'vector', spaceId: randomUUID(), model: 'other', vector: [1, 0, 0] };
    expect(titles(await search(tenant, { q: 'x', mode: 'semantic' }))).toEqual([]);
  });

  it('filters, and passes over a vector without direction', async () => {
    const tenant = await api.tenant('filtered');
    const { embed, asking } = await vectorsOf(tenant);
    await embed(await write(tenant, 'A', 'b', { tags: ['t', 'u'], category: 'idea' }), { a: [1, 0, 0] });
    await embed(await write(tenant, 'B', 'b', { tags: ['t'] }), { b: [1, 1, 0] });
    await embed(await write(tenant, 'Zero', 'b', { tags: ['t'] }), { z: [0, 0, 0] });
    answer = asking([1, 0, 0]);
    const found = async (filter: Record<string, string>) =>
      titles(await search(tenant, { q: 'x', mode: 'semantic', ...filter }));
    expect(await found({})).toEqual(['A', 'B']);
    expect(await found({ category: 'finding' })).toEqual(['B']);
    expect(await found({ tags: 't,u' })).toEqual(['A']);
  });

  it('never finds another tenant’s article, by the same space id or words', async () => {
    const [mine, theirs] = [await api.tenant('mine'), await api.tenant('theirs')];
    const { embed, asking } = await vectorsOf(theirs);
    await embed(await write(theirs, 'Secret', 'word'), { secret: [1, 0, 0] });
    await write(mine, 'Own', 'word');
    answer = asking([1, 0, 0]);
    expect((await search(mine, { q: 'word', mode: 'semantic' })).data).toEqual([]);
    expect(titles(await search(mine, { q: 'word', mode: 'keyword' }))).toEqual(['Own']);
  });
});

describe('hybrid search', () => {
  it('fuses both rankings, says what matched, and is the default', async () => {
    const tenant = await api.tenant('both');
    const { embed, asking } = await vectorsOf(tenant);
    await embed(await write(tenant, 'Meaning only', 'b'), { 'near in meaning': [1, 0.1, 0] });
    await embed(await write(tenant, 'Both', 'a grey lynx'), { 'a grey lynx': [1, 0.2, 0] });
    await write(tenant, 'Words only', 'a lynx and a lynx');
    answer = asking([1, 0, 0]);
    for (const mode of [{}, { mode: 'hybrid' }, { mode: 'combined' }]) {
      const { data, meta } = await search(tenant, { q: 'lynx', ...mode });
      const matched = Object.fromEntries(
        data.map((hit: { title: string; matched: string[] }) => [hit.title, hit.matched]),
      );
      expect(matched).toEqual({
        Both: ['keyword', 'semantic'],
        'Meaning only': ['semantic'],
        'Words only': ['keyword'],
      });
      expect(data[0].title).toBe('Both');
      expect(data[0].snippet).toBe('grey <mark>lynx</mark>');
      expect(meta).toMatchObject({
        mode: 'hybrid',
        served_mode: 'hybrid',
        fallback: false,
        coverage: { published: 3, embedded: 2 },
      });
    }
  });
});

describe('a search that cannot have its vector', () => {
  let tenant: TestTenant;
  beforeAll(async () => {
    tenant = await api.tenant('fallback');
    await write(tenant, 'Caracal', 'b');
  });

  it.each(['semantic', 'hybrid'])('%s serves keywords and says why and until when', async (mode) => {
    answer = { kind: 'failed', code: 'circuit_open', retryAfterMs: 20_000 };
    const before = Date.now();
    const body = await search(tenant, { q: 'caracal', mode });
    expect(titles(body)).toEqual(['Caracal']);
    expect(body.data[0].matched).toEqual(['keyword']);
    expect(body.meta).toMatchObject({
      mode,
      served_mode: 'keyword',
      fallback: true,
      fallback_reason: 'circuit_open',
      coverage: { published: 1, embedded: 0 },
    });
    const inMs = Date.parse(body.meta.retry_at) - before;
    expect(inMs).toBeGreaterThanOrEqual(20_000);
  });

  it.each(['vault_unavailable', 'credential_rejected', 'provider_timeout', 'internal'] as const)(
    'passes the reason %s on, without a time where there is none',
    async (code) => {
      answer = { kind: 'failed', code };
      const { meta } = await search(tenant, { q: 'caracal' });
      expect(meta).toMatchObject({ fallback: true, fallback_reason: code, retry_at: null });
    },
  );

  it('says no_api_key for a tenant that has neither vectors nor a key', async () => {
    key = undefined;
    const { data, meta } = await search(tenant, { q: 'caracal', mode: 'semantic' });
    expect(data).toHaveLength(1);
    expect(meta).toMatchObject({ served_mode: 'keyword', fallback: true, fallback_reason: 'no_api_key' });
  });

  it('says the reason of the articles when they have none of their vectors yet', async () => {
    const { meta } = await search(tenant, { q: 'caracal' });
    expect(meta).toMatchObject({ served_mode: 'keyword', fallback: true, fallback_reason: null });
    const reason = (status: string, why: string | null) =>
      api.db.database.withTenant(tenant.id, (tx) => tx('article_embeddings').update({ status, reason: why }));
    await reason('blocked', 'quota_exhausted');
    expect((await search(tenant, { q: 'caracal' })).meta.fallback_reason).toBe('quota_exhausted');
    await reason('pending', null);
  });

  it('is no fallback where nothing is published', async () => {
    const { data, meta } = await search(await api.tenant('empty'), { q: 'caracal', mode: 'semantic' });
    expect(data).toEqual([]);
    expect(meta).toMatchObject({
      served_mode: 'semantic',
      fallback: false,
      coverage: { published: 0, embedded: 0 },
    });
  });
});

describe('pages of a search', () => {
  it.each(['keyword', 'semantic', 'hybrid'])('%s gives every hit once, in one order', async (mode) => {
    const tenant = await api.tenant(`pages-${mode}`);
    const { embed, asking } = await vectorsOf(tenant);
    for (let i = 0; i < 23; i += 1) {
      const id = await write(tenant, `T${i}`, 'serval '.repeat(1 + (i % 5)));
      await embed(id, { [`c${i}`]: [1, i, 0] });
    }
    answer = asking([1, 0, 0]);
    const whole = await search(tenant, { q: 'serval', mode, limit: '100' });
    expect(whole.data).toHaveLength(23);
    expect(whole.meta.next_cursor).toBeNull();
    const seen: unknown[] = [];
    let cursor: string | null = null;
    do {
      const page: { data: unknown[]; meta: { next_cursor: string | null } } = await search(tenant, {
        q: 'serval',
        mode,
        limit: '5',
        ...(cursor ? { cursor } : {}),
      });
      seen.push(...page.data);
      cursor = page.meta.next_cursor;
    } while (cursor);
    expect(seen).toEqual(whole.data);
  });

  it('refuses the cursor of another search', async () => {
    const tenant = await api.tenant('cursors');
    for (const title of ['margay one', 'margay two']) await write(tenant, title, 'b');
    const first = await search(tenant, { q: 'margay', mode: 'keyword', limit: '1' });
    const cursor = first.meta.next_cursor;
    expect(cursor).not.toBeNull();
    const others = [{ q: 'two' }, { mode: 'hybrid' }, { category: 'finding' }, { tags: 'a' }];
    for (const other of others) {
      const query = new URLSearchParams({ q: 'margay', mode: 'keyword', cursor, ...other });
      const { status, body } = await tenant.call('GET', `/knowledge/search?${query}`);
      expect(status).toBe(422);
      expect(body.errors[0].path).toBe('cursor');
    }
    expect((await search(tenant, { q: 'margay', mode: 'keyword', limit: '7', cursor })).data).toHaveLength(1);
  });
});
