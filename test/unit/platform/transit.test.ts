import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { createTransit } from '../../../src/platform/vault/transit.ts';

type Misbehave = (response: ServerResponse) => void;

const never: Misbehave = () => undefined;
/** A byte at a time, each well within any limit on silence. */
const trickle: Misbehave = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  const timer = setInterval(() => response.write(' '), 50);
  response.once('close', () => clearInterval(timer));
};

it.each([
  ['says nothing', never],
  ['answers a byte at a time', trickle],
])('a Vault that %s is unavailable after the time-out', async (_, misbehave) => {
  const server = createServer((_request, response) => misbehave(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const transit = createTransit({
    address: `http://127.0.0.1:${port}`,
    login: { kind: 'token', token: 'any' },
    mount: 'transit',
    key: 'lorekeep',
    timeoutMs: 300,
  });
  const startedAt = performance.now();
  expect(await transit.decrypt('context', 'vault:v1:any')).toEqual({
    kind: 'failed',
    code: 'vault_unavailable',
  });
  expect(await transit.createDataKey('context')).toEqual({ kind: 'failed', code: 'vault_unavailable' });
  expect(await transit.isReady()).toBe(false);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  server.closeAllConnections();
  server.close();
});
