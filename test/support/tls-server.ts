import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { Certificate } from './certificates.ts';

export interface TlsServer {
  readonly port: number;
  /** Connections that were opened, whether TLS came about on them or not. */
  readonly connections: () => number;
  close(): void;
}

/** Starts an HTTPS server on the loopback address. */
export async function startTlsServer(
  certificate: Certificate,
  listener: RequestListener = (_request, response) => response.end('ok'),
): Promise<TlsServer> {
  let connections = 0;
  const server = createServer(certificate, listener);
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    port: address.port,
    connections: () => connections,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
