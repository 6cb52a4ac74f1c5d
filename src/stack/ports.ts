import { connect, createServer } from 'node:net';

/** Hands out ports on the loopback address; never the same one twice, nor one that somebody else listens on. */
export type ChoosePort = (use: string, preferredPort: number) => Promise<number>;

/**
 * @param log told when a preferred port is taken and which one replaces it.
 * A preferred port of 0 means any free one, which is nothing to tell.
 */
export function createPortChooser(log: (line: string) => void): ChoosePort {
  const handedOut = new Set<number>();
  return async (use, preferredPort) => {
    if (preferredPort !== 0 && !handedOut.has(preferredPort) && (await isFree(preferredPort))) {
      handedOut.add(preferredPort);
      return preferredPort;
    }
    let port = await anyFreePort();
    while (handedOut.has(port)) port = await anyFreePort();
    handedOut.add(port);
    if (preferredPort !== 0) log(`port ${preferredPort} is taken: ${use} listens on ${port} instead`);
    return port;
  };
}

/** Whether nobody listens on the port. */
export async function isFree(port: number): Promise<boolean> {
  // Some systems let one bind 127.0.0.1 beside a listener on every address, so somebody who answers counts too.
  return !(await answers(port)) && (await bind(port)) !== undefined;
}

async function anyFreePort(): Promise<number> {
  const port = await bind(0);
  if (port === undefined) throw new Error('the system has no free port on 127.0.0.1');
  return port;
}

function bind(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: 1_000 });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}
