import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { type RawServer, startRawServer, startWebServer, type WebServer } from '../../support/web-server.ts';
import { serverMarker } from './server-marker.ts';

/** What the server does with the request for a document. */
export type ServerStep =
  /** An answer with the server's words in its status line, its headers and its body. */
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The status first, and then a text that can be read. */
  | { readonly kind: 'first'; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  /** A 200 with these bytes. */
  | { readonly kind: 'bytes'; readonly bytes: string | Uint8Array; readonly contentType?: string }
  | { readonly kind: 'redirect'; readonly to: string }
  /** Redirects to itself, each time by another address. */
  | { readonly kind: 'circle' }
  | { readonly kind: 'hang' }
  /** A byte at a time, without end. */
  | { readonly kind: 'trickle' }
  /** As much as is taken, without end. */
  | { readonly kind: 'flood' }
  | { readonly kind: 'claims'; readonly bytes: number }
  | { readonly kind: 'gzip'; readonly bytes: number }
  | { readonly kind: 'no gzip' }
  | { readonly kind: 'cut'; readonly after: 'nothing' | 'half' };

export interface HostileServer {
  /** The address of a document that gets this step, with a token of its own in the query. */
  address(step: ServerStep, token: string): string;
  /** The requests for the document with the token. */
  requestsFor(token: string): number;
  /** The address of a server that speaks no HTTP, and by `https` of one that speaks no TLS. */
  strange(protocol: 'http' | 'https', token: string): string;
  close(): void;
}

/** Starts the server of strangers' documents: everything that it says holds its marker. */
export async function startHostileServer(): Promise<HostileServer> {
  const steps = new Map<string, ServerStep>();
  const asked = new Map<string, number>();
  const web: WebServer = await startWebServer((request, response) => {
    const token = new URL(request.url ?? '/', 'http://server').searchParams.get('token') ?? '';
    const times = (asked.get(token) ?? 0) + 1;
    asked.set(token, times);
    response.setHeader('x-words', serverMarker);
    response.setHeader('server', serverMarker);
    answer(response, steps.get(token) ?? { kind: 'hang' }, { times, token });
  });
  const raw: RawServer = await startRawServer((socket) => socket.end(`${serverMarker}, not HTTP\r\n\r\n`));
  return {
    address(step, token) {
      steps.set(token, step);
      return `http://docs.example:${web.port}/page?token=${token}`;
    },
    requestsFor: (token) => asked.get(token) ?? 0,
    strange: (protocol, token) => `${protocol}://docs.example:${raw.port}/page?token=${token}`,
    close() {
      web.close();
      raw.close();
    },
  };
}

const words = (marker: string) => `# A page\n\n${marker} is what it says.\n`;

function answer(
  response: ServerResponse,
  step: ServerStep,
  { times, token }: { readonly times: number; readonly token: string },
): void {
  const say = (status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array) =>
    response.writeHead(status, serverMarker, { 'content-type': 'text/plain', ...headers }).end(body);
  switch (step.kind) {
    case 'status':
      say(step.status, step.headers ?? {}, words(serverMarker));
      return;
    case 'first':
      if (times === 1) say(step.status, step.headers, words(serverMarker));
      else say(200, {}, 'A readable text.');
      return;
    case 'bytes':
      say(200, { 'content-type': step.contentType ?? 'text/plain' }, step.bytes);
      return;
    case 'redirect':
      say(302, { location: step.to }, words(serverMarker));
      return;
    case 'circle':
      say(302, { location: `/page?token=${token}&times=${times}` }, words(serverMarker));
      return;
    case 'hang':
      return;
    case 'trickle': {
      response.writeHead(200, serverMarker, { 'content-type': 'text/plain' });
      const timer = setInterval(() => response.write('x'), 50);
      response.once('close', () => clearInterval(timer));
      return;
    }
    case 'flood': {
      response.writeHead(200, serverMarker, { 'content-type': 'text/plain' });
      const block = Buffer.alloc(256 * 1024, `${serverMarker} `);
      const more = () => {
        while (!response.destroyed && response.write(block));
      };
      response.on('drain', more);
      more();
      return;
    }
    case 'claims':
      say(200, { 'content-length': String(step.bytes) }, words(serverMarker));
      return;
    case 'gzip':
      say(200, { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(step.bytes, 'x ')));
      return;
    case 'no gzip':
      say(200, { 'content-encoding': 'gzip' }, words(serverMarker));
      return;
    case 'cut':
      if (step.after === 'half') {
        response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '1000' });
        response.write(words(serverMarker), () => response.destroy());
      } else response.destroy();
      return;
    default:
      step satisfies never;
  }
}
