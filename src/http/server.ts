import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { Express } from 'express';
import type { Logger } from '../platform/telemetry/logging.ts';

export interface ServerOptions {
  readonly app: Express;
  /** 0 means any free port. */
  readonly port: number;
  /** The address or name to listen on; every interface by default. */
  readonly host?: string | undefined;
  readonly log: Logger;
  /** How long requests in flight may take after `close`, in milliseconds (10,000). */
  readonly graceMs?: number;
}

export interface RunningServer {
  readonly port: number;
  /**
   * Stops accepting requests and closes idle connections at once. Requests in flight may end within the grace period; then their
   * connections are closed, too. Repeated calls return the same promise.
   */
  close(): Promise<void>;
}

/** Starts to listen. Rejects when the port is taken or the host is not an address of this machine. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const inFlight = new Set<ServerResponse>();
  const server = createServer();
  server.on('request', (request, response) => {
    inFlight.add(response);
    response.once('close', () => inFlight.delete(response));
    if (!server.listening) lastOnItsConnection(response);
    options.app(request, response);
  });
  // The bytes are not a request, so express never sees them. The answer has the shape of every problem.
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end(unreadableRequest());
    else socket.destroy();
  });
  // Longer than the usual idle time-out of a load balancer, so that the load balancer closes a connection first.
  server.keepAliveTimeout = 65_000;

  server.listen({ port: options.port, host: options.host });
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  options.log.info({ port, host: options.host ?? 'every interface' }, 'listening');

  const stop = async (): Promise<void> => {
    for (const response of inFlight) lastOnItsConnection(response);
    const closed = once(server, 'close');
    // `close` closes the idle connections, too.
    server.close();
    const timer = setTimeout(() => {
      options.log.warn({ requests: inFlight.size }, 'grace period over, requests in flight cut off');
      server.closeAllConnections();
    }, options.graceMs ?? 10_000);
    await closed;
    clearTimeout(timer);
  };

  let closing: Promise<void> | undefined;
  return {
    port,
    close() {
      closing ??= stop();
      return closing;
    },
  };
}

/** Without this header a keep-alive connection would outlive its last answer and keep the server open. */
function lastOnItsConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}

const unreadableBody = JSON.stringify({
  type: 'urn:lorekeep:problem:malformed_request',
  title: 'The request cannot be read',
  status: 400,
  detail: 'The request is not valid HTTP.',
  code: 'malformed_request',
});

function unreadableRequest(): string {
  return [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: application/problem+json',
    `Content-Length: ${unreadableBody.length}`,
    `X-Request-Id: ${randomUUID()}`,
    'Connection: close',
    '',
    unreadableBody,
  ].join('\r\n');
}
