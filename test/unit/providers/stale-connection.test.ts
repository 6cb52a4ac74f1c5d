import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { test as base, describe, expect } from 'vitest';
import { createConnections } from '../../../src/platform/net/connections.ts';
import { createBoundedFetch } from '../../../src/providers/wire/bounded-fetch.ts';
import { createAuthority, createServerCertificate } from '../../support/certificates.ts';
import { startTlsServer } from '../../support/tls-server.ts';

/** What a server does with a request. It answers where it does nothing else. */
type Does = (socket: Socket) => 'answer' | 'nothing';

const test = base.extend('start', ({}, { onCleanup }) => async (protocol: 'http' | 'https', does: Does) => {
  const server = await startServer(protocol, does);
  onCleanup(() => server.close());
  return server;
});

const cutUnder = (socket: Socket) => {
  socket.destroy();
  return 'nothing' as const;
};
const answer = () => 'answer' as const;

describe.for(['http', 'https'] as const)(
  'over %s, a request whose connection is closed under it',
  (protocol) => {
    test('is sent once more, on a connection of its own, where the connection had served before', async ({
      start,
    }) => {
      const server = await start(protocol, answer);
      await server.ask();
      server.does((socket) => (server.hasServed(socket) ? cutUnder(socket) : 'answer'));
      expect(await server.ask()).toBe('ok');
      expect(server.requests.slice(1)).toEqual(['on a used connection', 'on a connection of its own']);
    });

    test('is sent once more on a new one though others are kept', async ({ start }) => {
      const server = await start(protocol, answer);
      const together = [server.ask(), server.ask(), server.ask(), server.ask()];
      expect(await Promise.all(together)).toEqual(together.map(() => 'ok'));
      server.does((socket) => (server.hasServed(socket) ? cutUnder(socket) : 'answer'));
      expect(await server.ask()).toBe('ok');
      expect(server.requests.slice(together.length)).toEqual([
        'on a used connection',
        'on a connection of its own',
      ]);
    });

    test('is sent once more where the server says goodbye first', async ({ start }) => {
      const server = await start(protocol, answer);
      await server.ask();
      server.does((socket) => {
        if (!server.hasServed(socket)) return 'answer';
        socket.end();
        return 'nothing';
      });
      expect(await server.ask()).toBe('ok');
      expect(server.requests.slice(1)).toEqual(['on a used connection', 'on a connection of its own']);
    });

    test('is not sent again where the connection is new', async ({ start }) => {
      const server = await start(protocol, cutUnder);
      expect(await server.ask()).toBe('TypeError');
      expect(server.requests).toEqual(['on a new connection']);
    });

    test('is sent twice and no more where a server cuts every connection', async ({ start }) => {
      const server = await start(protocol, answer);
      await server.ask();
      server.does(cutUnder);
      expect(await server.ask()).toBe('TypeError');
      expect(server.requests.slice(1)).toEqual(['on a used connection', 'on a connection of its own']);
    });

    test('is not sent again after one byte of its answer', async ({ start }) => {
      const server = await start(protocol, answer);
      await server.ask();
      server.does((socket) => {
        socket.write('H', () => socket.destroy());
        return 'nothing';
      });
      expect(await server.ask()).toBe('TypeError');
      expect(server.requests.slice(1)).toEqual(['on a used connection']);
    });

    test('is not sent again after its time-out', async ({ start }) => {
      const server = await start(protocol, answer);
      await server.ask();
      server.does(() => 'nothing');
      expect(await server.ask(AbortSignal.timeout(50))).toBe('TimeoutError');
      expect(server.requests.slice(1)).toEqual(['on a used connection']);
    });
  },
);

const host = 'provider.example';

/** A server on the loopback address, and one bounded fetch from it with connections of its own. */
async function startServer(protocol: 'http' | 'https', first: Does) {
  let does = first;
  const requests: string[] = [];
  const served = new Map<Socket, number>();
  const listener: RequestListener = (request, response) => {
    const { socket } = request;
    served.set(socket, (served.get(socket) ?? 0) + 1);
    const own = request.headers.connection === 'close' ? 'on a connection of its own' : 'on a new connection';
    requests.push(served.get(socket) === 1 ? own : 'on a used connection');
    request.resume();
    if (does(socket) === 'answer') response.end('ok');
  };
  const { url, authority, close } =
    protocol === 'http' ? await plainServer(listener) : await tlsServer(listener);
  const boundedFetch = createBoundedFetch({
    maxBytes: 100,
    requestHeaders: ['content-type'],
    connections: createConnections({
      resolve: async () => ['127.0.0.1'],
      isAllowed: () => true,
      ...(authority === undefined ? {} : { authorities: [authority] }),
    }),
    addresses: protocol === 'http' ? 'any' : 'public',
  });
  return {
    requests,
    hasServed: (socket: Socket) => (served.get(socket) ?? 0) > 1,
    does(next: Does) {
      does = next;
    },
    /** The text of the answer, or the name of what was thrown. The next one finds the connection put back. */
    async ask(signal: AbortSignal | null = null) {
      const text = await boundedFetch(url, { method: 'POST', body: '{}', signal }).then(
        (response) => response.text(),
        (error: unknown) => (error instanceof Error ? error.name : 'unknown'),
      );
      await new Promise((resolve) => setImmediate(resolve));
      return text;
    },
    close,
  };
}

async function plainServer(listener: RequestListener) {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/`, authority: undefined, close };
}

async function tlsServer(listener: RequestListener) {
  const authority = await createAuthority();
  const server = await startTlsServer(await createServerCertificate({ host, authority }), listener);
  return { url: `https://${host}:${server.port}/`, authority: authority.cert, close: () => server.close() };
}
