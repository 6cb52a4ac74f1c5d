import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { estimateTokens } from '../../../src/domain/tokens.ts';
import { twinKey } from '../../support/provider-twin.ts';
import { generations } from './clients.ts';
import { factsOfMcp } from './mcp-facts.ts';

const test = factsOfMcp();

const retries = {
  title: 'Retries need a budget',
  body: 'Three layers that retry three times each turn one request into 27. A budget "bounds" them.',
  category: 'pattern',
  tags: ['retries'],
};

describe.each(generations)('the %s official client over HTTP', (generation) => {
  test('negotiates the newest protocol that it knows', async ({ connect }) => {
    const client = await connect(generation);
    expect(client.protocolVersion).toBe(generation === 'new' ? '2026-07-28' : '2025-11-25');
    expect(client.instructions).toContain('search');
  });

  test('writes, finds, reads, changes and publishes an article', async ({ connect }) => {
    const client = await connect(generation);
    const written = await client.call('propose_article', { ...retries, status: 'draft' });
    expect(written).toMatchObject({ isError: false, data: { outcome: 'created' } });
    const { id, revision } = written.data.article;

    const edited = await client.call('edit_article', { id, revision, tags: ['retries', 'overload'] });
    expect(edited.data).toMatchObject({ tags: ['retries', 'overload'], status: 'draft' });
    const published = await client.call('publish_article', { id });
    expect(published.data).toMatchObject({ id, status: 'published' });

    const found = await client.call('search', { query: 'retry budget', mode: 'keyword' });
    expect(found.data.hits).toEqual([expect.objectContaining({ id, title: retries.title })]);
    expect(found.data.hits[0].snippet).not.toMatch(/<mark>|&quot;/);
    const read = await client.call('get_article', { id });
    expect(read.data).toMatchObject({ body: retries.body, next_offset: null });
    const context = await client.call('context', { query: 'retry budget', mode: 'keyword' });
    expect(context.data.articles).toEqual([expect.objectContaining({ id, body: retries.body })]);
  });

  test('reads what works, the usage and the settings', async ({ connect }) => {
    const client = await connect(generation);
    expect((await client.call('status')).data).toMatchObject({
      search_by_meaning: { has_key: true },
      pipeline: { embedding: expect.any(Object) },
      recent_failures: [],
    });
    expect((await client.call('usage')).data).toMatchObject({ rows: [], omitted: 0 });
    expect((await client.call('llm_config')).data).toMatchObject({ has_embedding_key: true });
  });

  test('says the same content once: the text holds no word of the data', async ({ connect }) => {
    const client = await connect(generation);
    const { data } = await client.call('propose_article', retries);
    const read = await client.call('get_article', { id: data.article.id });
    expect(read.text).not.toContain('retry three times');
    expect(JSON.stringify(read.data).split('retry three times')).toHaveLength(2);
  });

  test('gets everything as text where it asks for that', async ({ connect }) => {
    const client = await connect(generation, 'user', '?answers=text');
    const written = await client.call('propose_article', retries);
    expect(written.data).toBeUndefined();
    const tools = await client.listTools();
    expect(tools.filter(({ outputSchema }) => outputSchema !== undefined)).toEqual([]);
    expect((await client.call('search', { query: 'budget', mode: 'keyword' })).text).toContain(
      'retry three times',
    );
  });
});

describe('a tool', () => {
  test('has a title, a description to act on, both schemas and all annotations', async ({ connect }) => {
    const tools = await (await connect()).listTools();
    for (const { title, description, inputSchema, outputSchema, annotations } of tools) {
      expect(title).toMatch(/^[A-Z]/);
      expect(description?.length).toBeGreaterThan(100);
      expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
      expect(outputSchema).toMatchObject({ type: 'object' });
      expect(annotations).toEqual({
        ...{ title, readOnlyHint: expect.any(Boolean), destructiveHint: expect.any(Boolean) },
        ...{ idempotentHint: expect.any(Boolean), openWorldHint: expect.any(Boolean) },
      });
    }
    expect(estimateTokens(JSON.stringify(tools))).toBeLessThan(25_000);
  });

  test('is listed for the roles that may use it, and unknown to the others', async ({ connect }) => {
    const agent = await connect('new', 'agent');
    const names = (await agent.listTools()).map(({ name }) => name);
    expect(names).toEqual(['search', 'get_article', 'context', 'propose_article', 'status']);
    await expect(agent.call('set_llm_config', { embedding_model: 'other' })).rejects.toThrow(
      /no tool of this name for this API key/,
    );
    expect((await agent.call('status')).data.recent_failures).toBeUndefined();
  });

  test('says what is wrong in a way that can be mended', async ({ connect }) => {
    const client = await connect();
    const missing = await client.call('get_article', { id: randomUUID() });
    expect(missing).toMatchObject({ isError: true, data: undefined });
    expect(JSON.parse(missing.text)).toMatchObject({
      code: 'not_found',
      message: expect.any(String),
      next_step: expect.stringContaining('search'),
    });
    const invalid = await client.call('search', { query: 'x', limit: 500, colour: 'red' });
    expect(JSON.parse(invalid.text)).toMatchObject({
      code: 'validation_failed',
      errors: expect.arrayContaining([
        { path: 'limit', message: expect.any(String) },
        { path: 'colour', message: 'is not a known field' },
      ]),
    });
    const { data } = await client.call('propose_article', retries);
    const { id, revision } = data.article;
    await client.call('edit_article', { id, title: 'Another' });
    const stale = await client.call('edit_article', { id, revision, title: 'A third' });
    expect(JSON.parse(stale.text)).toMatchObject({ code: 'revision_mismatch' });
  });

  test('writes once for an idempotency key', async ({ connect }) => {
    const client = await connect();
    const given = { ...retries, title: 'Once', force: true, idempotency_key: randomUUID() };
    const [first, second] = [
      await client.call('propose_article', given),
      await client.call('propose_article', given),
    ];
    expect(second.data.article.id).toBe(first.data.article.id);
  });

  test('says in its first line that a search was by keyword only, and why', async ({ service, connect }) => {
    const keyless = await service.createTenant();
    await service.call(keyless.keys.user, 'POST', '/articles', retries);
    const client = await connect('new', 'agent', '', keyless);
    const found = await client.call('search', { query: 'budget' });
    expect(found.text).toMatch(/^Keyword results only: .+ \(no_api_key\)\. Next step: Set a key/);
    expect(Object.keys(found.data)[0]).toBe('notice');
    expect(found.data.notice).toMatch(/^Keyword results only/);
  });

  test('says in its first line that hits were not reranked, and why', async ({ service, connect }) => {
    const keyless = await service.createTenant();
    for (const title of ['Retries', 'More retries'])
      await service.call(keyless.keys.user, 'POST', '/articles', { ...retries, title, force: true });
    const client = await connect('new', 'agent', '', keyless);
    const asked = { query: 'budget', mode: 'keyword' };
    const found = await client.call('search', { ...asked, rerank: true });
    expect(found.text).toMatch(/^Not reranked: .+ \(rerank_unsupported\)\. Next step: Leave rerank out/);
    expect(Object.keys((await client.call('search', asked)).data)[0]).not.toBe('notice');
    expect((await client.call('context', { ...asked, rerank: true })).text).toMatch(/^Not reranked/);
  });
});

describe('set_llm_config', () => {
  test.for([true, false])(
    'shows a key in no answer, no error and no log (accepted: %s)',
    async (accepted, { connect, service }) => {
      const client = await connect();
      const secret = accepted ? twinKey() : `${twinKey()} with blanks`;
      const answer = await client.call('set_llm_config', { embedding_api_key: secret, embedding_model: 'm' });
      expect(answer.isError).toBe(!accepted);
      if (accepted)
        expect(answer.data).toMatchObject({ stored: true, settings: { has_embedding_key: true } });
      const misplaced = await client.call('set_llm_config', { [secret]: 'x', embedding_model: secret });
      for (const shown of [JSON.stringify([answer, misplaced]), service.logLines.join('\n')]) {
        expect(shown).not.toContain(secret.slice(0, 30));
      }
    },
  );

  test('tries a change without storing it', async ({ connect }) => {
    const client = await connect();
    const tried = await client.call('set_llm_config', { embedding_api_key: twinKey(), dry_run: true });
    expect(tried.data).toMatchObject({ stored: false, trial: { embedding: { ok: true } } });
  });
});

describe('the audit log', () => {
  test('shows that an agent has acted through MCP', async ({ connect, service, tenant }) => {
    const client = await connect();
    const { data } = await client.call('propose_article', retries);
    await service.call(tenant.keys.user, 'PATCH', `/articles/${data.article.id}`, { title: 'By hand' });
    const log = await service.call(tenant.keys.user, 'GET', `/audit?subject_id=${data.article.id}`);
    expect(log.body.data.map(({ action, actor }: AuditRow) => [action, actor.via])).toEqual([
      ['article.updated', null],
      ['article.created', 'mcp'],
    ]);
  });
});

interface AuditRow {
  readonly action: string;
  readonly actor: { readonly via: string | null };
}
