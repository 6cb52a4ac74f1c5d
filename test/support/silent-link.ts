import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface SilentLink {
  /** The target's URL, by way of this link. */
  readonly url: string;
  /** Connections so far. */
  readonly connections: number;
  /** From now on nothing passes on the connections that are open, and none of them is closed; new ones work. */
  silence(): void;
  close(): Promise<void>;
}

/** A way to a real server that forgets its connections as a router does: no byte passes any more, and nobody is told. */
export async function createSilentLink(target: string, defaultPort = 5432): Promise<SilentLink> {
  const upstreamUrl = new URL(target);
  const sockets = new Set<Socket>();
  const open = new Set<() => void>();
  let connections = 0;
  const server = createServer((client) => {
    connections += 1;
    const upstream = connect(Number(upstreamUrl.port || defaultPort), upstreamUrl.hostname);
    const pairs = [
      [client, upstream],
      [upstream, client],
    ] as const;
    let isSilent = false;
    const fallSilent = () => {
      isSilent = true;
      for (const [from, to] of pairs) {
        from.unpipe(to);
        // Read and dropped, as a network does.
        from.resume();
      }
    };
    open.add(fallSilent);
    for (const [from, to] of pairs) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        open.delete(fallSilent);
        // The other side of a silent connection never learns of its end.
        if (!isSilent) to.destroy();
      });
      from.pipe(to, { end: false });
      from.on('end', () => {
        if (!isSilent) to.end();
      });
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
    get connections() {
      return connections;
    },
    silence() {
      for (const fallSilent of open) fallSilent();
      open.clear();
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
