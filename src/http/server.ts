import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { Express } from 'express';
import type { Logger } from '../platform/telemetry/logging.ts';

export interface ServerOptions {
  readonly app: Express;
  /** 0 takes a free one. */
  readonly port: number;
  /** The address or name to listen on; without it every interface. */
  readonly host?: string | undefined;
  readonly log: Logger;
  /** How long requests in flight may take after `close`. */
  readonly graceMs?: number;
}

export interface RunningServer {
  readonly port: number;
  /**
   * Stops accepting, lets the requests in flight end within the grace, closes idle connections at once. Answers how many requests
   * it cut off. Harmless when repeated.
   */
  close(): Promise<number>;
}

/** Listens. Fails when the port is taken, or when the host is none of this machine's. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const inFlight = new Set<ServerResponse>();
  const server = createServer();
  server.on('request', (request, response) => {
    inFlight.add(response);
    response.once('close', () => inFlight.delete(response));
    if (!server.listening) lastOnItsConnection(response);
    options.app(request, response);
  });
  // Too broken for a request: nothing of it is known, but the answer still has the one shape.
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end(unreadableRequest());
    else socket.destroy();
  });
  // Longer than the usual idle time of a load balancer: the proxy is then the one that closes first.
  server.keepAliveTimeout = 65_000;

  server.listen({ port: options.port, host: options.host });
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  options.log.info({ port, host: options.host ?? 'every interface' }, 'listening');

  const stop = async (): Promise<number> => {
    let cutOff = 0;
    for (const response of inFlight) lastOnItsConnection(response);
    const closed = once(server, 'close');
    // Closes the idle connections, too.
    server.close();
    const timer = setTimeout(() => {
      cutOff = inFlight.size;
      server.closeAllConnections();
    }, options.graceMs ?? 10_000);
    await closed;
    clearTimeout(timer);
    return cutOff;
  };

  let closing: Promise<number> | undefined;
  return {
    port,
    close() {
      closing ??= stop();
      return closing;
    },
  };
}

/** A kept-alive connection would outlive its last answer and hold the server open. */
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
