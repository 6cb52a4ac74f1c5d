import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface CountedLink {
  /** The target's address, by way of the link. */
  readonly url: string;
  /** How often, so far, the client has spoken after the server had: what it had to wait for. */
  roundTrips(): number;
  close(): Promise<void>;
}

/** A way to a server on which round trips are counted. */
export async function openCountedLink(target: string): Promise<CountedLink> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let clientsTurn = true;
    client.on('data', (bytes) => {
      if (clientsTurn) count += 1;
      clientsTurn = false;
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      clientsTurn = true;
      client.write(bytes);
    });
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined).on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(typeof address === 'object' && address !== null ? address.port : 0);
  return {
    url: url.href,
    roundTrips: () => count,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
