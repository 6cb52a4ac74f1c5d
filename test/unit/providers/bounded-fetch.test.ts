import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createConnections } from '../../../src/platform/net/connections.ts';
import { createBoundedFetch } from '../../../src/providers/wire/bounded-fetch.ts';

const kilobyte = 1_024;

describe('a bounded fetch', () => {
  it.each([
    [64 * kilobyte, 64 * kilobyte],
    [64 * kilobyte + 1, 0],
  ])('reads of the %i bytes of a refusal %i', async (sent, read) => {
    const { get, close } = await serve((_request, response) => {
      response.writeHead(429);
      response.end('x'.repeat(sent));
    });
    const response = await get();
    expect([response.status, (await response.text()).length]).toEqual([429, read]);
    close();
  });

  it.each([
    [100, 100],
    [101, undefined],
  ])('of 100 bytes reads of an answer of %i bytes %s', async (sent, read) => {
    const { get, close } = await serve((_request, response) => response.end('x'.repeat(sent)));
    const length = get()
      .then((response) => response.text())
      .then((text) => text.length);
    if (read === undefined) await expect(length).rejects.toMatchObject({ name: 'UnusableAnswer' });
    else expect(await length).toBe(read);
    close();
  });

  it('does not follow a redirect with the key', async () => {
    const asked: string[] = [];
    const { get, close } = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(302, { location: '/elsewhere' });
      response.end();
    });
    expect((await get()).status).toBe(302);
    expect(asked).toEqual(['/']);
    close();
  });

  it('sends a misdirected request once, and gives its status', async () => {
    let requests = 0;
    const { get, close } = await serve((_request, response) => {
      requests += 1;
      response.writeHead(421);
      response.end('{}');
    });
    expect([(await get()).status, requests]).toEqual([421, 1]);
    expect([(await get()).status, requests]).toEqual([421, 2]);
    close();
  });

  it('sends the named headers and no other', async () => {
    let sent: string[] = [];
    const { get, close } = await serve((request, response) => {
      sent = Object.keys(request.headers);
      response.end('ok');
    });
    await get({ authorization: 'Bearer key', 'x-operator': 'secret' });
    expect(sent).toContain('authorization');
    expect(sent).not.toContain('x-operator');
    close();
  });
});

/** A provider, and a fetch of 100 bytes from it. */
async function serve(listener: RequestListener) {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const boundedFetch = createBoundedFetch({
    maxBytes: 100,
    requestHeaders: ['authorization'],
    connections: createConnections({ resolve: async () => [] }),
    addresses: 'any',
  });
  return {
    get: (headers: Readonly<Record<string, string>> = {}) =>
      boundedFetch(`http://127.0.0.1:${port}/`, { headers }),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
