import { Client, InMemoryTransport } from '@modelcontextprotocol/client';
import { it as base, describe, expect } from 'vitest';
import { createMcpServer } from '../../../src/mcp/server.ts';
import { everyTool } from '../../../src/mcp/tools/every-tool.ts';

/** A client of a server whose API answers what no version of it would, and what the server says of that to its log. */
const it = base
  .extend('failures', (): unknown[] => [])
  .extend('client', async ({ failures }, { onCleanup }) => {
    const server = createMcpServer({
      version: '1',
      tools: async () => everyTool,
      call: async () => ({ kind: 'reply', status: 200, body: { data: 'unmistakable' } }),
      answerForm: () => 'structured',
      toolCalled: () => undefined,
      failed: (error) => failures.push(error),
    });
    const [near, far] = InMemoryTransport.createLinkedPair();
    await server.connect(far);
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(near);
    onCleanup(() => client.close());
    return client;
  });

const id = '018f0000-0000-7000-8000-000000000000';
const unexpected = 'An unexpected error occurred in the service.';

describe('an unexpected error', () => {
  it('of a resource is answered in words of ours, and goes to the log', async ({ client, failures }) => {
    const completion = {
      ref: { type: 'ref/resource' as const, uri: 'lorekeep://articles/{id}' },
      argument: { name: 'id', value: '0' },
    };
    for (const asked of [
      client.listResources(),
      client.readResource({ uri: `lorekeep://articles/${id}` }),
      client.complete(completion),
    ]) {
      const error: unknown = await asked.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: -32_603, message: expect.stringContaining(unexpected) });
      expect(String(error)).not.toMatch(/invalid|expected array|unmistakable/i);
    }
    expect(failures).toHaveLength(3);
  });

  it('of a tool is an error of the tool, and goes to the log', async ({ client, failures }) => {
    const answer = await client.callTool({ name: 'get_article', arguments: { id } });
    expect(answer).toMatchObject({ isError: true });
    expect(JSON.stringify(answer.content)).toContain(unexpected);
    expect(failures).toHaveLength(1);
  });
});
