import { connect, createServer } from 'node:net';

/** Chooses ports on the loopback address: never the same one twice, and never one in use. */
export type ChoosePort = (use: string, preferredPort: number) => Promise<number>;

/**
 * Creates a port chooser. A preferred port of 0 means any free one.
 * @param log receives a line when another port replaces a preferred one that is taken.
 */
export function createPortChooser(log: (line: string) => void): ChoosePort {
  const chosen = new Set<number>();
  return async (use, preferredPort) => {
    if (preferredPort !== 0 && !chosen.has(preferredPort) && (await isFree(preferredPort))) {
      chosen.add(preferredPort);
      return preferredPort;
    }
    let port = await anyFreePort();
    while (chosen.has(port)) port = await anyFreePort();
    chosen.add(port);
    if (preferredPort !== 0) log(`port ${preferredPort} is taken: ${use} listens on ${port} instead`);
    return port;
  };
}

/** Whether nobody listens on the port. */
export async function isFree(port: number): Promise<boolean> {
  // Some systems allow a bind to 127.0.0.1 while another process listens on all addresses, so the port is also tried.
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
