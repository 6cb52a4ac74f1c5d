import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { startListener } from '../../../src/platform/postgres/listener.ts';

test('a listener connects again where the server takes the connection and then says nothing, and tells once that it is down', async () => {
  const server = await startMuteServer();
  let downs = 0;
  const listener = startListener({
    ...{ url: server.url, applicationName: 'lorekeep-test', channel: 'changed', beatMs: 20 },
    onNotification: () => undefined,
    onUp: () => expect.unreachable(),
    onDown: () => {
      downs += 1;
    },
  });
  try {
    await vi.waitFor(() => expect(server.connections()).toBeGreaterThan(2), { timeout: 3_000, interval: 5 });
    expect(downs).toBe(1);
  } finally {
    listener.close();
    await server.close();
  }
});

/** Lets every login in, as Postgres does, and answers no statement. */
async function startMuteServer() {
  const authenticationOk = [0x52, 0, 0, 0, 8, 0, 0, 0, 0];
  const readyForQuery = [0x5a, 0, 0, 0, 5, 0x49];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(Buffer.from([...authenticationOk, ...readyForQuery])));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `postgres://nobody:none@127.0.0.1:${port}/none`,
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
