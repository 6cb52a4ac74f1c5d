import { createServer } from 'node:net';

export interface SdkMetrics {
  /** Where the SDK's own exporter is to listen: on the loopback address, for nobody but this process. */
  readonly bindAddress: string;
  /** The SDK's metrics as Prometheus text; empty when they cannot be had. */
  read(): Promise<string>;
}

/** A local read; a scrape must not wait for it longer than for anything else. */
const timeoutMs = 1_000;

/**
 * The Temporal SDK counts in native code and shows its metrics only by a server of its own. It gets a free port on the
 * loopback address, and the process's one `/metrics` passes them on: an operator has one port to know. A buffer of the
 * SDK's updates, counted once more here, lost: it is marked experimental, and its labels would be ours to keep closed.
 */
export async function createSdkMetrics(): Promise<SdkMetrics> {
  const port = await freeLoopbackPort();
  return {
    bindAddress: `127.0.0.1:${port}`,
    async read() {
      try {
        const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
          signal: AbortSignal.timeout(timeoutMs),
        });
        return response.ok ? await response.text() : '';
      } catch {
        return '';
      }
    },
  };
}

function freeLoopbackPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
