import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect } from 'vitest';
import { connectByStdio, generations } from '../api/mcp/clients.ts';
import { factsOfMcp } from '../api/mcp/mcp-facts.ts';

const test = factsOfMcp();

describe.each(generations)('npm run mcp with the %s official client', (generation) => {
  test('works on the articles of the key through the API, which logs the way', async ({
    service,
    tenant,
  }) => {
    const client = await connectByStdio(generation, {
      LOREKEEP_API_URL: `${service.apiUrl}/api/v1/`,
      LOREKEEP_API_KEY: tenant.keys.user,
    });
    try {
      const written = await client.call('propose_article', {
        ...{ title: 'Retries need a budget', body: 'A budget, bounded.', category: 'pattern' },
        tags: ['a, b'],
      });
      const { id } = written.data.article;
      const found = await client.call('search', {
        query: 'budget',
        mode: 'keyword',
        tags: ['a, b', 'c'],
        tags_match: 'any',
      });
      expect(found.data.hits).toEqual([expect.objectContaining({ id })]);
      expect(await client.read(`lorekeep://articles/${id}`)).toContain('A budget, bounded.');
      const stale = await client.call('edit_article', { id, revision: 99, title: 'Other' });
      expect(JSON.parse(stale.text)).toMatchObject({ code: 'revision_mismatch' });
      expect((await client.call('llm_config')).data).toMatchObject({ has_embedding_key: true });
      const log = await service.call(tenant.keys.user, 'GET', `/audit?subject_id=${id}`);
      expect(log.body.data).toEqual([
        expect.objectContaining({ actor: expect.objectContaining({ via: 'mcp' }) }),
      ]);
    } finally {
      await client.close();
    }
  });

  test('lists the tools of the key’s role, and text alone where it is told to', async ({
    service,
    tenant,
  }) => {
    const client = await connectByStdio(generation, {
      LOREKEEP_API_URL: service.apiUrl,
      LOREKEEP_API_KEY: tenant.keys.agent,
      LOREKEEP_MCP_ANSWERS: 'text',
    });
    try {
      const tools = await client.listTools();
      expect(tools.map(({ name }) => name)).toContain('search');
      expect(tools.map(({ name }) => name)).not.toContain('llm_config');
      expect((await client.call('status')).text).toContain('search_by_meaning');
    } finally {
      await client.close();
    }
  });
});

describe('npm run mcp', () => {
  test('says what to do when the API cannot be reached or refuses the key', async ({ service }) => {
    for (const [url, code] of [
      ['http://127.0.0.1:1', 'busy'],
      [service.apiUrl, 'unauthorized'],
    ] as const) {
      const client = await connectByStdio('new', { LOREKEEP_API_URL: url, LOREKEEP_API_KEY: 'lk_none' });
      const answer = await client.call('search', { query: 'x' });
      await client.close();
      expect(JSON.parse(answer.text)).toMatchObject({ code, next_step: expect.any(String) });
    }
  });

  test('names each wrong variable and prints no value', async () => {
    const { stdout, stderr, code } = await run(
      { LOREKEEP_API_URL: 'canary-address', LOREKEEP_API_KEY: 'canary key' },
      '',
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/LOREKEEP_API_URL: .+\n.*LOREKEEP_API_KEY: /);
    expect(stdout + stderr).not.toContain('canary');
  });

  test('has nothing but the protocol on its standard output, and ends with its input', async () => {
    const { stdout, stderr, code } = await run(
      {
        ...{ LOREKEEP_API_URL: 'http://127.0.0.1:1', LOREKEEP_API_KEY: 'lk_canary', LOG_LEVEL: 'trace' },
        NODE_DEBUG: 'http',
      },
      `not JSON canary-text\n${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })}\n`,
    );
    expect(code).toBe(0);
    for (const line of stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' });
    expect(stdout + stderr).not.toContain('canary');
  });
});

/** Runs the process on an input, and closes that once the process has answered. */
async function run(
  env: Record<string, string>,
  input: string,
): Promise<{ stdout: string; stderr: string; code: number | null }> {
  const child = spawn(process.execPath, ['--import', './scripts/tsx.mjs', 'src/main/mcp.ts'], {
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    child.stdin.end();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  if (input === '') child.stdin.end();
  else child.stdin.write(input);
  await once(child, 'close');
  return { stdout, stderr, code: child.exitCode };
}
