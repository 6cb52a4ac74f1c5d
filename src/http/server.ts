import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Express } from 'express';
import { problemMembers, problemTraits } from '../platform/http/problem.ts';
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
   * connections are closed, too. Resolves with the number of requests that were cut off; repeated calls return the same promise.
   */
  close(): Promise<number>;
}

/** Starts to listen. Rejects when the port is taken or the host is not an address of this machine. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const inFlight = new Set<ServerResponse>();
  const server = createServer();
  const trackAnswer = endWithConnection(server);
  server.on('request', (request, response) => {
    inFlight.add(response);
    response.once('close', () => inFlight.delete(response));
    trackAnswer(request.socket, response);
    if (!server.listening) lastOnItsConnection(response);
    options.app(request, response);
  });
  // The bytes are not a request, so express never sees them. The answer has the shape of every problem.
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const refusal = error.code === 'HPE_HEADER_OVERFLOW' ? tooLarge : unreadable;
    if (socket.writable) socket.end(rawAnswer(refusal));
    else socket.destroy();
  });
  // Node ignores what comes after 2,000 headers. Their bytes are bounded: 16 KB with the URL.
  server.maxHeadersCount = 0;
  // Longer than the usual idle time-out of a load balancer, so that the load balancer closes a connection first.
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
    // `close` closes the idle connections, too.
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

/**
 * Ends answers whose connection has closed before their turn. A client may send requests without waiting for answers, and Node
 * closes only the answer that it writes: those behind it would be kept for ever, with their bodies, and their work would go on.
 */
function endWithConnection(server: Server): (socket: Socket, response: ServerResponse) => void {
  const answers = new WeakMap<Socket, Set<ServerResponse>>();
  server.on('connection', (socket) => {
    const ofConnection = new Set<ServerResponse>();
    answers.set(socket, ofConnection);
    socket.once('close', () => {
      for (const response of ofConnection) {
        if (response.socket !== null || response.writableFinished) continue;
        response.destroy();
        response.emit('close');
      }
    });
  });
  return (socket, response) => {
    const ofConnection = answers.get(socket);
    ofConnection?.add(response);
    response.once('close', () => ofConnection?.delete(response));
  };
}

/** Without this header a keep-alive connection would outlive its last answer and keep the server open. */
function lastOnItsConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}

const unreadable = {
  code: 'malformed_request',
  detail: 'The request is not valid HTTP.',
} as const;

const tooLarge = {
  code: 'headers_too_large',
  detail: 'The URL and the headers together must have at most 16 KB.',
} as const;

/** The answer to bytes of which express never gets a request. */
function rawAnswer({ code, detail }: typeof unreadable | typeof tooLarge): string {
  const { status } = problemTraits(code);
  const body = JSON.stringify({ ...problemMembers(code), detail });
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${body.length}`,
    `X-Request-Id: ${randomUUID()}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}
