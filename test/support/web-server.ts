import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';

export interface WebServer {
  readonly port: number;
  /** The requests so far, the first at the front. */
  readonly requests: readonly IncomingMessage[];
  close(): void;
}

/** Starts an HTTP server on the loopback address. */
export async function startWebServer(listener: RequestListener): Promise<WebServer> {
  const requests: IncomingMessage[] = [];
  const server: Server = createHttpServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  const port = await listenOnLoopback(server);
  return {
    port,
    requests,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

export interface RawServer {
  readonly port: number;
  /** Connections that are open now. */
  readonly open: () => number;
  /** Connections that were opened. */
  readonly connections: () => number;
  close(): void;
}

/** Starts a server that answers the first bytes of each connection with whatever it likes, HTTP or not. */
export async function startRawServer(answer: (socket: Socket) => void): Promise<RawServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createTcpServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.once('data', () => answer(socket));
  });
  const port = await listenOnLoopback(server);
  return {
    port,
    open: () => sockets.size,
    connections: () => connections,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

async function listenOnLoopback(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}
