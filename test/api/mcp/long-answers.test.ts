import { describe, expect } from 'vitest';
import { estimateTokens } from '../../../src/domain/tokens.ts';
import { type AgentClient, generations } from './clients.ts';
import { factsOfMcp } from './mcp-facts.ts';

const test = factsOfMcp();
const maxTokens = 25_000;

/** Texts that cost a model most: many tokens a character, and many characters as JSON. */
const texts = {
  prose: 'A budget bounds the retries of every layer. '.repeat(11_300),
  Chinese: '重试需要预算'.repeat(80_000),
  'line breaks': 'a\n'.repeat(240_000),
  quotes: '"\\'.repeat(240_000),
};

describe.each(generations)('an article of nearly 500,000 characters, for the %s client', (generation) => {
  test.for(Object.entries(texts))(
    'is read page by page: %s',
    async ([, body], { connect, service, tenant }) => {
      const id = await write(service, tenant.keys.user, body);
      const client = await connect(generation);
      let read = '';
      for (let offset: number | null = 0; offset !== null; ) {
        const page = await client.call('get_article', { id, offset, max_characters: 80_000 });
        expect(estimateTokens(JSON.stringify([page.text, page.data]))).toBeLessThan(maxTokens);
        read += page.data.body;
        offset = page.data.next_offset;
      }
      expect(read === body).toBe(true);
    },
  );
});

describe('an answer', () => {
  test.for(Object.entries(texts))(
    'is below the bound for whole texts: %s',
    async ([, body], { connect, service, tenant }) => {
      for (const title of ['One budget', 'Two budgets', 'Three budgets'])
        await write(service, tenant.keys.user, `${title} ${body}`, title);
      const client = await connect();
      const found = await client.call('context', {
        ...{ query: 'budgets', mode: 'keyword', limit: 20, max_tokens: 16_000 },
      });
      expect(found.data.articles[0]).toMatchObject({ truncated: true });
      expect(estimateTokens(JSON.stringify(found))).toBeLessThan(maxTokens);
    },
  );

  test('is below the bound for hits with the most and longest tags, and says how to get the rest', async ({
    connect,
    service,
    tenant,
  }) => {
    const tags = Array.from({ length: 50 }, (_, at) => `${at}${'龘'.repeat(97)}`);
    for (let at = 0; at < 6; at += 1)
      await write(service, tenant.keys.user, `Budget ${at}`, `${'龘'.repeat(450)} ${at}`, tags);
    const client = await connect();
    const found = await client.call('search', { query: 'budget', mode: 'keyword', limit: 20 });
    expect(found.data.hits.length).toBeGreaterThan(0);
    expect(found.text).toMatch(/more did not fit: call again with `limit`/);
    expect(estimateTokens(JSON.stringify(found))).toBeLessThan(maxTokens);

    const [{ id }] = found.data.hits;
    const read = await client.call('get_article', { id });
    expect(read.isError).toBe(false);
  });

  test('is small by default', async ({ connect, service, tenant }) => {
    for (let at = 0; at < 8; at += 1)
      await write(service, tenant.keys.user, `A budget of ${at} retries`, `Budget ${at}`);
    const client = await connect();
    const found = await client.call('search', { query: 'budget', mode: 'keyword' });
    expect(found.data.hits).toHaveLength(5);
    expect(estimateTokens(JSON.stringify(found))).toBeLessThan(2_000);
    const next = await client.call('search', {
      ...{ query: 'budget', mode: 'keyword', cursor: found.data.next_cursor },
    });
    expect(next.data.hits).toHaveLength(3);
  });
});

describe('a resource', () => {
  test('is an article as Markdown, and the list has all published ones', async ({
    connect,
    service,
    tenant,
  }) => {
    const id = await write(service, tenant.keys.user, 'A budget bounds them.', 'Retries');
    const client = await connect();
    const { resources, nextCursor } = await client.listResources();
    expect(resources).toEqual([
      expect.objectContaining({ uri: `lorekeep://articles/${id}`, title: 'Retries' }),
    ]);
    expect(nextCursor).toBeUndefined();
    expect(await client.read(`lorekeep://articles/${id}`)).toBe('# Retries\n\nA budget bounds them.');
  });

  test('is read page by page by the address at its end', async ({ connect, service, tenant }) => {
    const id = await write(service, tenant.keys.user, texts.prose);
    const client = await connect();
    const read = await pagesOf(client, `lorekeep://articles/${id}`);
    expect(read).toBe(`# Long\n\n${texts.prose}`);
  });

  test.for([
    'lorekeep://articles/018f0000-0000-7000-8000-000000000000',
    'lorekeep://articles/x',
    'file:///etc/passwd',
  ])('that is none is not found: %s', async (uri, { connect }) => {
    await expect((await connect()).read(uri)).rejects.toMatchObject({ code: -32_602, data: { uri } });
  });
});

async function pagesOf(client: AgentClient, uri: string): Promise<string> {
  let read = '';
  for (let next: string | undefined = uri; next !== undefined; ) {
    const text: string = await client.read(next);
    expect(estimateTokens(text)).toBeLessThan(maxTokens);
    next = /\n\n\(Goes on in (lorekeep:[^)]+)\)$/.exec(text)?.[1];
    read += text.replace(/\n\n\(Goes on in [^)]+\)$/, '');
  }
  return read;
}

interface Service {
  call(key: string, method: string, path: string, body: unknown): Promise<{ body: { data: { id: string } } }>;
}

/** Writes an article without the gate, which would compare these texts with each other. */
async function write(
  service: Service,
  key: string,
  body: string,
  title = 'Long',
  tags: readonly string[] = [],
): Promise<string> {
  const { body: answer } = await service.call(key, 'POST', '/articles', {
    ...{ title, body, tags, category: 'finding', force: true },
  });
  return answer.data.id;
}
