import fc from 'fast-check';
import { describe, expect } from 'vitest';
import { generations } from './clients.ts';
import { factsOfMcp } from './mcp-facts.ts';

const test = factsOfMcp();

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' };

describe('the endpoint /mcp', () => {
  test('challenges a request without a key, and with a bad one', async ({ service }) => {
    const without = await post(service.apiUrl, undefined, list);
    expect(without.status).toBe(401);
    expect(without.headers.get('www-authenticate')).toBe('Bearer realm="lorekeep"');
    const bad = await post(service.apiUrl, 'lk_none', list);
    expect(bad.status).toBe(401);
    expect(bad.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  test('has no metadata of an authorization server where none is configured', async ({ service }) => {
    for (const path of ['', '/mcp']) {
      const url = `${service.apiUrl}/.well-known/oauth-protected-resource${path}`;
      expect((await fetch(url)).status).toBe(404);
    }
  });

  test.for(['GET', 'DELETE', 'PUT', 'OPTIONS'])('answers 405 to %s', async (method, { service, tenant }) => {
    const answer = await fetch(`${service.apiUrl}/mcp`, {
      method,
      headers: { authorization: `Bearer ${tenant.keys.user}` },
    });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  test.for([
    ['https://evil.example', 403],
    ['null', 403],
    ['nonsense', 403],
    ['http://localhost:1', 403],
  ] as const)('refuses the origin %s, with whatever Host', async ([origin, status], { service, tenant }) => {
    for (const host of [undefined, new URL(`${service.apiUrl}`).host]) {
      const headers = { origin, ...(host === undefined ? {} : { host }) };
      expect((await post(service.apiUrl, tenant.keys.user, list, headers)).status).toBe(status);
    }
  });

  test('accepts its own origin on the loopback', async ({ service, tenant }) => {
    const answer = await post(service.apiUrl, tenant.keys.user, list, { origin: service.apiUrl });
    expect(answer.status).toBe(200);
  });

  test.for([
    ['{', 400, -32_700],
    ['[1,', 400, -32_700],
    ['"a text"', 400, -32_600],
    ['[]', 400, -32_600],
    ['{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, undefined],
    [JSON.stringify(Array(21).fill(ping)), 400, -32_600],
    ['[['.repeat(20_000), 400, -32_700],
    [`${'['.repeat(40)}${']'.repeat(40)}`, 400, -32_600],
  ] as const)(
    'answers an error of JSON-RPC to what is no request: %s',
    async ([raw, status, code], { service, tenant }) => {
      const answer = await postRaw(service.apiUrl, tenant.keys.user, raw);
      expect(answer.status).toBe(status);
      if (code !== undefined) expect(JSON.parse(answer.text).error.code).toBe(code);
    },
  );

  test('bounds a body, and takes JSON alone', async ({ service, tenant }) => {
    const long = JSON.stringify({ ...list, params: { x: 'x'.repeat(2_100_000) } });
    expect((await postRaw(service.apiUrl, tenant.keys.user, long)).status).toBe(413);
    const text = await postRaw(service.apiUrl, tenant.keys.user, JSON.stringify(list), {
      'content-type': 'text/plain',
    });
    expect(text.status).toBe(415);
  });

  test('refuses an unknown protocol version and names those that it speaks', async ({ service, tenant }) => {
    const answer = await post(service.apiUrl, tenant.keys.user, list, {
      'mcp-protocol-version': '1999-01-01',
    });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('2025-11-25');
  });

  test('answers a batch, and counts each of its calls', async ({ service, tenant }) => {
    const calls = [1, 2, 3].map((id) => ({
      ...{ jsonrpc: '2.0', id, method: 'tools/call' },
      params: { name: 'search', arguments: { query: 'x', mode: 'keyword' } },
    }));
    const answer = await post(service.apiUrl, tenant.keys.agent, calls);
    expect(answer.status).toBe(200);
    expect(answer.text.match(/"id":[123]/g)).toHaveLength(3);
    const next = await post(service.apiUrl, tenant.keys.agent, list);
    const left = Number(next.headers.get('ratelimit-remaining'));
    // The batch and its second and third call, and this request.
    expect(Number(next.headers.get('ratelimit-limit')) - left).toBe(4);
  });

  test('gives clients from before structured content everything as text', async ({ service, tenant }) => {
    const call = {
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
      params: { name: 'status', arguments: {} },
    };
    const answer = await post(service.apiUrl, tenant.keys.agent, call, {
      'mcp-protocol-version': '2025-03-26',
    });
    expect(answer.text).not.toContain('structuredContent');
    expect(answer.text).toContain('search_by_meaning');
  });

  test('keeps no stream open', async ({ service, tenant }) => {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const answer = await post(
      service.apiUrl,
      tenant.keys.agent,
      {
        ...{ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen' },
        params: { _meta: meta, notifications: { toolsListChanged: true } },
      },
      { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' },
    );
    expect(answer.text).toContain('Subscription limit reached');
  });

  test('is in the log and the metrics by its path and the names of tools, without a word of the request', async ({
    service,
    tenant,
  }) => {
    const word = 'unmistakable-word';
    const calls = ['search', word].map((name) => ({
      ...{ jsonrpc: '2.0', id: name, method: 'tools/call' },
      params: { name, arguments: { query: word, mode: 'keyword' } },
    }));
    for (const call of calls) await post(service.apiUrl, tenant.keys.agent, call);
    const log = service.logLines.join('');
    expect(log).toContain('"route":"/mcp"');
    const metrics = await service.metrics.scrape();
    expect(metrics).toMatch(/lorekeep_mcp_tool_calls_total\{tool="search",outcome="answered"\} \d/);
    expect(metrics).toMatch(/lorekeep_mcp_tool_calls_total\{tool="other",outcome="refused"\} \d/);
    expect(log + metrics).not.toContain(word);
  });

  test('never crashes, whatever JSON is sent', { timeout: 120_000 }, async ({ service, tenant }) => {
    const method = fc.constantFrom(
      ...['initialize', 'ping', 'tools/list', 'tools/call', 'resources/read', 'resources/list'],
      ...['completion/complete', 'server/discover', 'subscriptions/listen', 'notifications/initialized'],
    );
    const named = fc.record(
      {
        name: fc.constantFrom('search', 'get_article', 'edit_article', 'usage', 'set_llm_config', 'none'),
        arguments: fc.oneof(
          fc.jsonValue(),
          fc.dictionary(fc.constantFrom('query', 'id', 'cursor'), fc.jsonValue()),
        ),
        cursor: fc.jsonValue(),
        uri: fc.jsonValue(),
        _meta: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    const request = fc.record(
      {
        jsonrpc: fc.oneof(fc.constant('2.0'), fc.jsonValue()),
        id: fc.oneof(fc.integer(), fc.string(), fc.jsonValue()),
        method: fc.oneof(method, fc.string()),
        params: fc.oneof(named, fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const body = fc.oneof(request, fc.jsonValue(), fc.array(request, { maxLength: 3 }));
    const version = fc.constantFrom('', '2025-03-26', '2025-06-18', '2026-07-28', 'x');
    await fc.assert(
      fc.asyncProperty(body, version, async (given, protocol) => {
        const answer = await post(service.apiUrl, tenant.keys.user, given, {
          ...(protocol === '' ? {} : { 'mcp-protocol-version': protocol }),
        });
        expect(answer.status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
    expect(service.logLines.filter((line) => line.includes('MCP tool has failed'))).toEqual([]);
  });
});

describe.each(generations)('two tenants with the %s client', (generation) => {
  test('see nothing of each other', async ({ connect, service }) => {
    const other = await service.createTenant();
    const theirs = await service.call(other.keys.user, 'POST', '/articles', {
      ...{ title: 'Theirs alone', body: 'secretive', category: 'finding' },
    });
    const id: string = theirs.body.data.id;
    const client = await connect(generation);
    const answers = [
      await client.call('search', { query: 'secretive', mode: 'keyword' }),
      await client.call('context', { query: 'secretive', mode: 'keyword' }),
      await client.call('get_article', { id }),
      await client.call('edit_article', { id, title: 'Ours' }),
      await client.call('publish_article', { id }),
      await client.listResources(),
    ];
    expect(JSON.stringify(answers)).not.toContain('Theirs alone');
    expect(answers.slice(2, 5)).toEqual(Array(3).fill(expect.objectContaining({ isError: true })));
    await expect(client.read(`lorekeep://articles/${id}`)).rejects.toThrow();
    expect((await service.call(other.keys.user, 'GET', `/articles/${id}`)).body.data.title).toBe(
      'Theirs alone',
    );
  });
});

const post = (apiUrl: string, key: string | undefined, body: unknown, headers: Record<string, string> = {}) =>
  postRaw(apiUrl, key, JSON.stringify(body), headers);

async function postRaw(
  apiUrl: string,
  key: string | undefined,
  body: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const response = await fetch(`${apiUrl}/mcp`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...headers,
    },
    body,
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
