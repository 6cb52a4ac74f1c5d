import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { describe, expect } from 'vitest';
import { factsOfMcp } from '../api/mcp/mcp-facts.ts';

const test = factsOfMcp().extend('url', async ({ service, tenant }, { onCleanup }) => {
  const proxy = proxyWithKey(service.apiUrl, tenant.keys.user);
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onCleanup(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  const address = proxy.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/mcp`;
});

/**
 * Those of the suite's scenarios that a server without its test tools and prompts can pass. Left out are the tools `test_…`, prompts,
 * sampling and elicitation, subscriptions, log levels and resumed streams: this server has none of them.
 */
const scenarios = [
  ...['server-initialize', 'ping', 'tools-list', 'resources-list', 'completion-complete'],
  ...['server-sse-multiple-streams', 'dns-rebinding-protection'],
];

describe('the official conformance suite', () => {
  test.for(scenarios)('passes %s', { timeout: 60_000 }, async (scenario, { url }) => {
    const { output, code } = await runSuite(['server', '--url', url, '--scenario', scenario]);
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
  });
});

/** The suite sends no API key, so its requests pass through a proxy that adds one. */
function proxyWithKey(apiUrl: string, key: string): Server {
  return createServer((given, answer) => {
    const forwarded = httpRequest(
      `${apiUrl}${given.url}`,
      { method: given.method ?? 'GET', headers: { ...given.headers, authorization: `Bearer ${key}` } },
      (got) => {
        answer.writeHead(got.statusCode ?? 502, got.headers);
        got.pipe(answer);
      },
    );
    given.pipe(forwarded);
  });
}

/** Loads the suite with what its newer Node.js has, and runs it. */
async function runSuite(args: readonly string[]): Promise<{ output: string; code: number | null }> {
  const hooks = `import{register}from"node:module";register(${JSON.stringify(
    new URL('../support/conformance-hooks.mjs', import.meta.url).href,
  )})`;
  const child = spawn(process.execPath, [
    ...['--import', `data:text/javascript,${encodeURIComponent(hooks)}`],
    ...['node_modules/@modelcontextprotocol/conformance/dist/index.js', ...args],
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  await once(child, 'close');
  return { output, code: child.exitCode };
}
