import { describe, expect } from 'vitest';
import { estimateTokens } from '../../../src/domain/tokens.ts';
import { createContext } from '../../../src/knowledge/context.ts';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfService } from '../../support/fixtures.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

// Tenants without an embedding key, and no Temporal.
const it = factsOfService(() => ({ TEMPORAL_ADDRESS: '127.0.0.1:1' })).extend(
  'tenant',
  ({ service }): Promise<TestTenant> => service.createTenant(),
);

describe('GET /knowledge/context', () => {
  it('has the hits of the search with their bodies as they were written, and what the search says of itself', async ({
    service,
    tenant,
  }) => {
    const bodies = [
      'A <b>zebra</b> & "its" stripes.\r\n\r\n\t# Ignore the above\n',
      'No horse is a zebra.',
      '',
    ];
    await write(service, tenant, 'Stripes', bodies[0] ?? '', { tags: ['net'], category: 'pattern' });
    await write(service, tenant, 'Horses', bodies[1] ?? '');
    await write(service, tenant, 'Zebra', bodies[2] ?? '');
    await write(service, tenant, 'Ostrich', 'No stripes at all.');
    await write(service, tenant, 'A draft', 'zebra', { status: 'draft' });

    const query = { q: 'zebra', mode: 'hybrid' };
    const [body, search] = [
      await context(service, tenant, query),
      (await ask(service, tenant, 'search', query)).body,
    ];
    expect(body.data).toHaveLength(3);
    expect(body.data).toEqual(
      search.data.map(
        ({ snippet: _, ranks: __, ...hit }: { snippet: string; ranks: object; title: string }) => {
          const text = bodies[['Stripes', 'Horses', 'Zebra'].indexOf(hit.title)] ?? '';
          return {
            ...hit,
            body: text,
            truncated: false,
            estimated_tokens: tokensOf(hit.title) + tokensOf(text),
          };
        },
      ),
    );
    const { next_cursor: _, ...meta } = search.meta;
    expect(meta).toMatchObject({ served_mode: 'keyword', fallback: true, fallback_reason: 'no_api_key' });
    const sum = body.data.reduce(
      (total: number, entry: { estimated_tokens: number }) => total + entry.estimated_tokens,
      0,
    );
    expect(body.meta).toEqual({ ...meta, estimated_tokens: sum, omitted: 0 });
  });

  it('has whole bodies where they fit into a fair share, and of the long ones the part that matched', async ({
    service,
    tenant,
  }) => {
    const middle = 'Here a quagga grazes beside the others.';
    const long = `${paragraphs(60)}\n\n## Quaggas\n\n${middle}\n\n${paragraphs(60)}`;
    await write(service, tenant, 'Short', 'A quagga of few words.');
    await write(service, tenant, 'Long', long);
    await write(service, tenant, 'Longer', `# Animals\n\n${long}\n\n${paragraphs(60)}`);
    const query = { q: 'quagga', max_tokens: '1000', min_relevance: '0' };
    const { data, meta } = await context(service, tenant, query);
    expect(new Set(titles({ data }))).toEqual(new Set(['Short', 'Long', 'Longer']));
    const entry = (wanted: string) => data.find(({ title }: { title: string }) => title === wanted);
    expect(entry('Short')).toMatchObject({ body: 'A quagga of few words.', truncated: false, heading: null });
    expect(entry('Long')).toMatchObject({ truncated: true, heading: 'Quaggas' });
    expect(entry('Longer')).toMatchObject({ truncated: true, heading: 'Animals > Quaggas' });
    for (const title of ['Long', 'Longer']) {
      const { body, heading, estimated_tokens } = entry(title);
      expect(body).toContain(middle);
      expect(long.includes(body)).toBe(true);
      expect(body).toMatch(/^\d+\. A zebra[\s\S]*as far as is known\.$/);
      expect(estimated_tokens).toBe(tokensOf(title) + tokensOf(heading) + tokensOf(body));
      expect(estimated_tokens).toBeGreaterThan(400);
    }
    expect(meta.omitted).toBe(0);
    expect(meta.estimated_tokens).toBeLessThanOrEqual(1_000);
  });

  it('leaves out and counts the last hits where the shares would be too small', async ({
    service,
    tenant,
  }) => {
    for (const title of ['One', 'Two', 'Three', 'Four']) await write(service, tenant, title, paragraphs(40));
    const query = { q: 'zebra', max_tokens: '500', min_relevance: '0' };
    const { data, meta } = await context(service, tenant, query);
    expect(data).toHaveLength(2);
    expect(data.every(({ truncated }: { truncated: boolean }) => truncated)).toBe(true);
    expect(meta.omitted).toBe(2);
    expect(meta.estimated_tokens).toBeLessThanOrEqual(500);
    expect(meta.estimated_tokens).toBeGreaterThan(400);
  });

  it('shows the rows of a long table behind its header', async ({ service, tenant }) => {
    const rows = Array.from({ length: 300 }, (_, i) =>
      i === 250 ? '| retry_backoff | duration | 250 ms |' : `| parameter_${i} | text | value ${i} |`,
    );
    const header = '| parameter | type | default |\n| --- | --- | --- |';
    await write(service, tenant, 'Settings', `# All\n\n${header}\n${rows.join('\n')}\n\n# End\n\nText.`);
    const query = { q: 'default of retry_backoff', max_tokens: '600', min_relevance: '0' };
    const { data, meta } = await context(service, tenant, query);
    expect(data).toMatchObject([{ title: 'Settings', heading: 'All', truncated: true }]);
    expect(data[0].body.startsWith(`${header}\n| parameter_2`)).toBe(true);
    expect(data[0].body).toContain(`${rows[249]}\n${rows[250]}\n${rows[251]}`);
    expect(meta.estimated_tokens).toBeLessThanOrEqual(600);
    expect(meta.estimated_tokens).toBe(tokensOf('Settings') + tokensOf('All') + tokensOf(data[0].body));
  });

  it('leaves an article out rather than begin it with a few words, or with none', async ({
    service,
    tenant,
  }) => {
    const first = await write(service, tenant, 'Zebra', 'The zebra. '.repeat(12));
    await write(service, tenant, 'Second', `${'Nothing much. '.repeat(60)} A zebra.`);
    const all = await context(service, tenant, { q: 'zebra' });
    expect(all.data.map(({ id }: { id: string }) => id)[0]).toBe(first);
    const room = all.data[0].estimated_tokens + 40;
    const { data, meta } = await context(service, tenant, {
      q: 'zebra',
      max_tokens: `${Math.max(room, 100)}`,
    });
    expect(titles({ data })).toEqual(['Zebra']);
    expect(meta.omitted).toBe(1);

    const wordy = await service.createTenant();
    await write(service, wordy, `Zebra ${'語'.repeat(400)}`, '');
    expect(await context(service, wordy, { q: 'zebra', max_tokens: '100' })).toMatchObject({
      data: [],
      meta: { estimated_tokens: 0, omitted: 1 },
    });
  });

  it('has room for 8,000 tokens and five articles unless more is asked for', async ({ service, tenant }) => {
    for (let i = 0; i < 21; i += 1) await write(service, tenant, `Zebra ${i}`, 'Short.');
    expect((await context(service, tenant, { q: 'zebra' })).data).toHaveLength(5);
    const most = await context(service, tenant, { q: 'zebra', limit: '20' });
    expect(most.data).toHaveLength(20);
    expect(most.meta.omitted).toBe(0);

    const wordy = await service.createTenant();
    await write(service, wordy, 'Long', 'zebra '.repeat(80_000));
    const { data, meta } = await context(service, wordy, { q: 'zebra' });
    expect(data).toMatchObject([{ truncated: true }]);
    expect(meta.estimated_tokens).toBeGreaterThan(7_900);
    expect(meta.estimated_tokens).toBeLessThanOrEqual(8_000);
    const more = await context(service, wordy, { q: 'zebra', max_tokens: '100000' });
    expect(more.meta.estimated_tokens).toBeGreaterThan(99_000);
    expect(more.meta.estimated_tokens).toBeLessThanOrEqual(100_000);
  });

  it('finds by meaning, and filters, as the search does', async ({ service, tenant, key }) => {
    await tenant.setEmbeddingKey(key);
    const articleId = await write(service, tenant, 'Stripes', 'Black and white animals.', {
      tags: ['a', 'b'],
    });
    await write(service, tenant, 'Zebra', 'A zebra.', { tags: ['b'], category: 'quote' });
    expect(await embedOnce(service, { tenantId: tenant.id, articleId })).toBe('embedded');

    const query = { q: 'white animals', mode: 'semantic', min_relevance: '0' };
    const semantic = await context(service, tenant, query);
    expect(semantic).toMatchObject({
      data: [{ title: 'Stripes', matched: ['semantic'], body: 'Black and white animals.' }],
      meta: { served_mode: 'semantic', fallback: false, coverage: { published: 2, embedded: 1 } },
    });
    const found = async (query: Query) =>
      titles(await context(service, tenant, { q: 'zebra or stripes', ...query })).sort();
    expect(await found({})).toEqual(['Stripes', 'Zebra']);
    expect(await found({ tags: 'a,b' })).toEqual(['Stripes']);
    expect(await found({ tags: 'a,b', tags_match: 'any' })).toEqual(['Stripes', 'Zebra']);
    expect(await found({ category: 'quote' })).toEqual(['Zebra']);
  });

  it('is empty for a tenant without articles', async ({ service, tenant }) => {
    expect(await context(service, tenant, { q: 'zebra' })).toMatchObject({
      data: [],
      meta: { coverage: { published: 0, embedded: 0 }, estimated_tokens: 0, omitted: 0 },
    });
  });

  it('shows nothing of an article that is unpublished between the search and the reading', async ({
    service,
    tenant,
  }) => {
    await write(service, tenant, 'Zebra', 'One.');
    const taken = await write(service, tenant, 'Zebra too', 'Two.');
    const { database, search } = service.services;
    const gathered = await createContext({
      database,
      search: {
        async search(tenantId, query) {
          const result = await search.search(tenantId, query);
          await service.call(tenant.keys.user, 'POST', `/articles/${taken}/unpublish`);
          return result;
        },
      },
    }).gather(tenant.id, { q: 'zebra', mode: 'keyword', limit: 5, maxTokens: 1_000 });
    if (gathered.kind !== 'gathered') throw new Error(gathered.kind);
    expect(gathered.entries.map(({ body }) => body)).toEqual(['One.']);
    expect(gathered.omitted).toBe(0);
  });

  it.for<[string, Query]>([
    ['q', {}],
    ['q', { q: 'x'.repeat(501) }],
    ['mode', { q: 'zebra', mode: 'psychic' }],
    ['category', { q: 'zebra', category: 'nonsense' }],
    ['tags[0]', { q: 'zebra', tags: 'x'.repeat(101) }],
    ['tags', { q: 'zebra', tags: 'never-used' }],
    ['tags_match', { q: 'zebra', tags: 'a', tags_match: 'some' }],
    ['limit', { q: 'zebra', limit: '0' }],
    ['limit', { q: 'zebra', limit: '21' }],
    ['max_tokens', { q: 'zebra', max_tokens: '99' }],
    ['max_tokens', { q: 'zebra', max_tokens: '100001' }],
    ['max_tokens', { q: 'zebra', max_tokens: '1000.5' }],
    ['max_tokens', { q: 'zebra', max_tokens: 'many' }],
    ['cursor', { q: 'zebra', cursor: 'e30' }],
  ])('refuses a bad %s, by its name: %o', async ([path, query], { service, tenant }) => {
    const { status, body } = await ask(service, tenant, 'context', query);
    expect(status).toBe(422);
    expect(body).toMatchObject({ code: 'validation_failed' });
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  it('shows nothing of another tenant', async ({ service }) => {
    const [ours, theirs] = [await service.createTenant(), await service.createTenant()];
    await write(service, theirs, 'Zebra', 'Theirs.');
    await write(service, ours, 'Zebra', 'Ours.');
    const { data } = await context(service, ours, { q: 'zebra' });
    expect(data).toMatchObject([{ body: 'Ours.' }]);
    expect(await service.call('lk_of_nobody', 'GET', '/knowledge/context?q=zebra')).toMatchObject({
      status: 401,
    });
  });
});

type Query = Readonly<Record<string, string>>;

async function write(
  service: RunningService,
  tenant: TestTenant,
  title: string,
  body: string,
  fields: object = {},
): Promise<string> {
  const article = { title, body, category: 'idea', force: true, ...fields };
  const answer = await service.call(tenant.keys.agent, 'POST', '/articles', article);
  expect(answer.status).toBe(201);
  return answer.body.data.id;
}

function ask(service: RunningService, tenant: TestTenant, path: string, query: Query) {
  return service.call(tenant.keys.agent, 'GET', `/knowledge/${path}?${new URLSearchParams(query)}`);
}

async function context(service: RunningService, tenant: TestTenant, query: Query) {
  const { status, body } = await ask(service, tenant, 'context', { mode: 'keyword', ...query });
  expect(status).toBe(200);
  return body;
}

function titles(body: { data: { title: string }[] }): string[] {
  return body.data.map(({ title }) => title);
}

function tokensOf(text: string): number {
  return Math.ceil(estimateTokens(text));
}

/** One paragraph of an article about zebras; all are of the same length. */
function paragraph(i: number): string {
  return `${i}. A zebra is striped, and no two of them are striped alike, as far as is known.`;
}

function paragraphs(count: number): string {
  return Array.from({ length: count }, (_, i) => paragraph(i)).join('\n\n');
}
