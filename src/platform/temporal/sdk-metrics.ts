import { createServer } from 'node:net';

export interface SdkMetrics {
  /** The address for the SDK's own exporter: loopback, since only this process reads it. */
  readonly bindAddress: string;
  /** The SDK's metrics as Prometheus text; empty when they cannot be read. Never rejects. */
  read(): Promise<string>;
}

/** The read is local, and a scrape must not wait for it longer than for its other parts. */
const timeoutMs = 1_000;

/**
 * The Temporal SDK counts in native code and exports its metrics only by a server of its own. That server gets a free port on
 * the loopback address, and the process's `/metrics` includes its text, so that an operator scrapes one port. Alternative that
 * lost: counting the SDK's buffered updates here, since the buffer is experimental and its labels are not closed lists.
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
