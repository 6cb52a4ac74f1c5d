import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createTransit } from '../../../src/platform/vault/transit.ts';

describe('a Vault that refuses', () => {
  // Only 400 is about the ciphertext. After the others the same key can be opened later.
  it.each([
    [400, 'key_unusable'],
    [403, 'vault_unavailable'],
    [404, 'vault_unavailable'],
    [412, 'vault_unavailable'],
    [429, 'vault_unavailable'],
    [500, 'vault_unavailable'],
    [503, 'vault_unavailable'],
  ])(
    'with %i to open a key means %s, and to seal or make one that Vault is unavailable',
    async (status, code) => {
      const { transit, close } = await refusingTransit(status);
      expect(await transit.unwrapDataKey('context', 'vault:v1:any')).toEqual({ kind: 'failed', code });
      expect(await transit.createDataKey('context')).toEqual({ kind: 'failed', code: 'vault_unavailable' });
      expect(await transit.decrypt('context', 'vault:v1:any')).toEqual({ kind: 'failed', code });
      expect(await transit.encrypt('context', 'any')).toEqual({ kind: 'failed', code: 'vault_unavailable' });
      close();
    },
  );
});

async function refusingTransit(status: number) {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ errors: [] }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const transit = createTransit({
    address: `http://127.0.0.1:${port}`,
    login: { kind: 'token', token: 'any' },
    mount: 'transit',
    key: 'lorekeep',
    timeoutMs: 5_000,
  });
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { transit, close };
}
