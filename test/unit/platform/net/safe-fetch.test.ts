import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { test as base, describe, expect } from 'vitest';
import type { SafeFetchDeps } from '../../../../src/platform/net/safe-fetch.ts';
import { createAuthority, createServerCertificate } from '../../../support/certificates.ts';
import { loopbackFetch } from '../../../support/loopback-fetch.ts';
import { startTlsServer } from '../../../support/tls-server.ts';
import { waitUntil } from '../../../support/wait-until.ts';
import { startRawServer, startWebServer } from '../../../support/web-server.ts';

const maxBytes = 100_000;
const host = 'site.example';
const fetchWith = (url: string, { limits, ...deps }: Partial<SafeFetchDeps> = {}, signal?: AbortSignal) =>
  loopbackFetch({ ...deps, limits: { maxBytes, ...limits } }).fetch(url, signal);

const test = base
  .extend('started', async ({}, { onCleanup }) => {
    const started: { close(): void }[] = [];
    onCleanup(() => {
      for (const server of started) server.close();
    });
    return started;
  })
  .extend('serve', ({ started }) => async (listener: RequestListener) => {
    const server = await startWebServer(listener);
    started.push(server);
    return { ...server, url: `http://${host}:${server.port}` };
  })
  .extend('serveRaw', ({ started }) => async (answer: (socket: Socket) => void) => {
    const server = await startRawServer(answer);
    started.push(server);
    return { ...server, url: `http://${host}:${server.port}` };
  })
  .extend('authority', { scope: 'file' }, () => createAuthority());

const failed = (code: string) => ({ kind: 'failed', code });
const unreachable = failed('url_unreachable');
const forbidden = failed('url_forbidden');
const tooLarge = failed('document_too_large');

describe('a document', () => {
  test('comes with its bytes, its type and its address', async ({ serve }) => {
    const { url } = await serve((_, response) =>
      response.setHeader('Content-Type', 'text/html; charset=gbk').end(Buffer.from([0, 255, 10])),
    );
    const fetched = await fetchWith(`${url}/a?b=c#d`);
    expect(fetched).toMatchObject({
      kind: 'fetched',
      contentType: 'text/html; charset=gbk',
      url: `${url}/a?b=c`,
    });
    expect(fetched.kind === 'fetched' && [...fetched.bytes]).toEqual([0, 255, 10]);
  });

  test('is asked for with what is needed, and nothing that names a person', async ({ serve }) => {
    const { url, requests, port } = await serve((_, response) =>
      response
        .setHeader('Set-Cookie', 'a=b')
        .writeHead(302, { Location: requests.length > 1 ? '/end' : '/next' })
        .end(),
    );
    await fetchWith(url);
    expect(requests).toHaveLength(4);
    for (const { rawHeaders } of requests) {
      expect(rawHeaders).toEqual([
        ...['host', `${host}:${port}`, 'connection', 'close', 'user-agent', 'Lorekeep/1.2.3'],
        ...['accept', expect.stringContaining('text/markdown, text/html'), 'accept-encoding', 'gzip, br'],
      ]);
    }
  });

  test.for([
    ['gzip', gzipSync],
    ['GZIP ', gzipSync],
    ['x-gzip', gzipSync],
    ['br', brotliCompressSync],
    ['identity', Buffer.from],
  ] as const)('is decoded from %s', async ([encoding, encode], { serve }) => {
    const { url } = await serve((_, response) =>
      response.setHeader('Content-Encoding', encoding).end(encode(Buffer.from('some text'))),
    );
    const fetched = await fetchWith(url);
    expect(fetched.kind === 'fetched' && Buffer.from(fetched.bytes).toString()).toBe('some text');
  });

  test.for([
    ['gzip, gzip', gzipSync(gzipSync('text'))],
    ['gzip, br', brotliCompressSync(gzipSync('text'))],
    ['deflate', deflateSync('text')],
    ['zstd', Buffer.from('text')],
    ['gzip', Buffer.from('text')],
    ['gzip', gzipSync('text').subarray(0, 15)],
    ['br', Buffer.from('text')],
  ] as const)(
    'that claims to be %s and cannot be decoded is unreachable',
    async ([encoding, body], { serve }) => {
      const { url } = await serve((_, response) =>
        response.setHeader('Content-Encoding', encoding).end(body),
      );
      expect(await fetchWith(url)).toEqual(unreachable);
    },
  );

  test.for([201, 202, 204, 205, 206, 300, 304, 400, 401, 403, 404, 410, 418, 500, 501])(
    'is not what comes with the status %i',
    async (status, { serve }) => {
      const { url, requests } = await serve((_, response) =>
        response
          .writeHead(status, { Location: '/other' })
          .end(status === 204 || status === 304 ? undefined : 'words'),
      );
      expect(await fetchWith(url)).toEqual(unreachable);
      expect(requests).toHaveLength(1);
    },
  );
});

describe('a large document', () => {
  test('may have as many bytes as are allowed, and not one more', async ({ serve }) => {
    const of = async (bytes: number) => {
      const { url } = await serve((_, response) => response.end(Buffer.alloc(bytes)));
      return fetchWith(url);
    };
    expect(await of(maxBytes)).toMatchObject({ kind: 'fetched', bytes: { length: maxBytes } });
    expect(await of(maxBytes + 1)).toEqual(tooLarge);
  });

  test('is not read at all where its length says so', async ({ serveRaw }) => {
    // The body never comes.
    const { url } = await serveRaw((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n'),
    );
    expect(await fetchWith(url)).toEqual(tooLarge);
  });

  test.for([
    [
      'without a length',
      (socket: Socket) => endless(socket, 'HTTP/1.1 200 OK\r\n\r\n', Buffer.alloc(50_000)),
    ],
    [
      'of gzip members with nothing in them',
      (socket: Socket) =>
        endless(
          socket,
          'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n',
          Buffer.concat(Array(2_000).fill(gzipSync(''))),
        ),
    ],
  ] as const)('that does not end, %s, is left at the bound', async ([, answer], { serveRaw }) => {
    const server = await serveRaw(answer);
    expect(await fetchWith(server.url)).toEqual(tooLarge);
    await waitUntil(() => server.open() === 0);
  });

  test.for([
    ['gzip', () => gzipSync(Buffer.alloc(200_000_000))],
    ['br', () => brotliCompressSync(Buffer.alloc(200_000_000), quickly)],
  ] as const)('is decoded from %s no further than the bound', async ([encoding, bomb], { serve }) => {
    const body = bomb();
    expect(body.length).toBeLessThan(300_000);
    const { url } = await serve((_, response) => response.setHeader('Content-Encoding', encoding).end(body));
    const before = process.memoryUsage().arrayBuffers;
    const limits = { maxBytes: 300_000 };
    expect(await fetchWith(url, { limits })).toEqual(tooLarge);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
  });

  test('in chunks of one byte is left early', async ({ serveRaw }) => {
    const server = await serveRaw((socket) =>
      endless(
        socket,
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
        Buffer.from('1\r\nx\r\n'.repeat(9_000)),
      ),
    );
    expect(await fetchWith(server.url)).toEqual(unreachable);
    await waitUntil(() => server.open() === 0);
  });
});

describe('a redirect', () => {
  test.for([301, 302, 303, 307, 308])(
    'of status %i is followed, up to three in a row',
    async (status, { serve }) => {
      const { url } = await serve(({ url: path = '' }, response) => {
        const left = Number(path.slice(1));
        if (left === 0) response.end('here');
        else response.writeHead(status, { Location: `/${left - 1}` }).end('not here');
      });
      expect(await fetchWith(`${url}/3`)).toMatchObject({
        kind: 'fetched',
        url: `${url}/0`,
        bytes: { length: 4 },
      });
      expect(await fetchWith(`${url}/4`)).toEqual(unreachable);
    },
  );

  test('to itself ends', async ({ serve }) => {
    const { url, requests } = await serve((_, response) => response.writeHead(302, { Location: '/' }).end());
    expect(await fetchWith(url)).toEqual(unreachable);
    expect(requests).toHaveLength(4);
  });

  test('to nowhere is unreachable', async ({ serve }) => {
    const { url } = await serve((_, response) => response.writeHead(302).end());
    expect(await fetchWith(url)).toEqual(unreachable);
  });

  test.for([
    'http://127.0.0.2/',
    'http://169.254.169.254/latest/',
    'http://[::1]/',
    'http://2130706434/',
    '//10.0.0.1/',
    'file:///etc/passwd',
    'data:text/plain,x',
    'gopher://site.example/',
    'http://user:secret@site.example/',
    'http://site.example:25/',
    'http://[',
  ])('to %s is forbidden', async (location, { serve }) => {
    const { url } = await serve((_, response) => response.writeHead(302, { Location: location }).end());
    expect(await fetchWith(url)).toEqual(forbidden);
  });

  test('from https to http is forbidden', async ({ authority, serve }) => {
    const plain = await serve((_, response) => response.end('read on the way'));
    const tls = await startTlsServer(await createServerCertificate({ host, authority }), (_, response) =>
      response.writeHead(302, { Location: plain.url }).end(),
    );
    const deps = { authorities: [authority.cert] };
    expect(await fetchWith(`https://${host}:${tls.port}/`, deps)).toEqual(forbidden);
    tls.close();
    expect(plain.requests).toEqual([]);
  });

  test('from http to https is followed', async ({ authority, serve }) => {
    const tls = await startTlsServer(await createServerCertificate({ host, authority }));
    const url = `https://${host}:${tls.port}/`;
    const plain = await serve((_, response) => response.writeHead(301, { Location: url }).end());
    expect(await fetchWith(plain.url, { authorities: [authority.cert] })).toMatchObject({
      kind: 'fetched',
      url,
    });
    tls.close();
  });

  test('to the same name is looked up again, and forbidden once that name is private', async ({ serve }) => {
    const { url, requests } = await serve((_, response) =>
      response.writeHead(302, { Location: '/next' }).end(),
    );
    const answers = [['127.0.0.1'], ['10.0.0.1']];
    expect(await fetchWith(url, { resolve: async () => answers.shift() ?? [] })).toEqual(forbidden);
    expect(requests).toHaveLength(1);
  });
});

describe('a server that takes its time', () => {
  const limits = { timeoutMs: 300 };
  test.for([
    ['says nothing', () => undefined],
    ['sends its header byte by byte', (socket: Socket) => trickle(socket, 'HTTP/1.1 200 OK\r\nX: ', 'x')],
    ['sends its body byte by byte', (socket: Socket) => trickle(socket, 'HTTP/1.1 200 OK\r\n\r\n', 'x')],
    [
      'sends early hints for ever',
      (socket: Socket) => trickle(socket, '', 'HTTP/1.1 103 Early Hints\r\n\r\n'),
    ],
    [
      'promises more than it sends',
      (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'),
    ],
  ] as const)('and %s is left when the time is over', async ([, answer], { serveRaw }) => {
    const server = await serveRaw(answer);
    expect(await fetchWith(server.url, { limits })).toEqual(unreachable);
    await waitUntil(() => server.open() === 0);
  });

  test('in each redirect has the time of one fetch for all', async ({ serve }) => {
    const { url, requests } = await serve((_, response) => {
      setTimeout(() => response.writeHead(302, { Location: '/' }).end(), 200);
    });
    expect(await fetchWith(url, { limits })).toEqual(unreachable);
    expect(requests.length).toBeLessThan(4);
  });

  test('is left when the caller ends the fetch', async ({ serveRaw }) => {
    const ended = new AbortController();
    const server = await serveRaw(() => ended.abort());
    expect(await fetchWith(server.url, {}, ended.signal)).toEqual(unreachable);
    await waitUntil(() => server.open() === 0);
  });

  test('is not asked by a fetch that has ended before', async ({ serve }) => {
    const { url, requests } = await serve((_, response) => response.end());
    expect(await fetchWith(url, {}, AbortSignal.abort())).toEqual(unreachable);
    expect(requests).toEqual([]);
  });
});

describe('a server that breaks HTTP', () => {
  test.for([
    [
      'header lines without end',
      (socket: Socket) => endless(socket, 'HTTP/1.1 200 OK\r\n', Buffer.from('X: y\r\n'.repeat(999))),
    ],
    [
      'one header without end',
      (socket: Socket) => endless(socket, 'HTTP/1.1 200 OK\r\nX: ', Buffer.alloc(9_999, 120)),
    ],
    ['another protocol', (socket: Socket) => socket.end('220 mail ready\r\n')],
    [
      'two lengths',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'),
    ],
    [
      'a body that is cut off',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx'),
    ],
    [
      'a chunk that is cut off',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nx'),
    ],
    [
      'a malformed chunk',
      (socket: Socket) => socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nz\r\nx'),
    ],
    ['nothing', (socket: Socket) => socket.destroy()],
    [
      'an upgrade',
      (socket: Socket) =>
        socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n'),
    ],
  ] as const)('by %s is unreachable', async ([, answer], { serveRaw }) => {
    expect(await fetchWith((await serveRaw(answer)).url)).toEqual(unreachable);
  });

  test('by a body that is longer than its length gets its length', async ({ serveRaw }) => {
    const { url } = await serveRaw((socket) =>
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcdef'),
    );
    expect(await fetchWith(url)).toMatchObject({ kind: 'fetched', bytes: { length: 2 } });
  });

  test.for(['unknown authority', 'other host', 'expired'])(
    'by a certificate of an %s is unreachable, and not asked again',
    async (what, { authority }) => {
      const certificate = await createServerCertificate({
        host: what === 'other host' ? 'other.example' : host,
        authority: what === 'unknown authority' ? await createAuthority() : authority,
        ...(what === 'expired' ? { validDays: [-9, -2] as const } : {}),
      });
      const server = await startTlsServer(certificate);
      const deps = { authorities: [authority.cert] };
      expect(await fetchWith(`https://${host}:${server.port}/`, deps)).toEqual(unreachable);
      expect(server.connections()).toBe(1);
      server.close();
    },
  );
});

describe('a bad moment', () => {
  test.for([429, 502, 503, 504])('of status %i is tried once more', async (status, { serve }) => {
    const { url, requests } = await serve((_, response) =>
      requests.length === 1 ? response.writeHead(status).end() : response.end('text'),
    );
    expect(await fetchWith(url)).toMatchObject({ kind: 'fetched' });
    expect(requests).toHaveLength(2);
  });

  test('that lasts is tried no third time', async ({ serve, serveRaw }) => {
    const busy = await serve((_, response) => response.writeHead(503).end());
    expect(await fetchWith(busy.url)).toEqual(unreachable);
    expect(busy.requests).toHaveLength(2);
    const cut = await serveRaw((socket) => socket.destroy());
    expect(await fetchWith(cut.url)).toEqual(unreachable);
    expect(cut.connections()).toBe(2);
  });

  test.for([
    ['0', 2],
    ['6', 1],
    ['-1', 1],
    ['Fri, 31 Dec 2099 23:59:59 GMT', 1],
  ] as const)('with Retry-After %s is tried %i times', async ([after, times], { serve }) => {
    const { url, requests } = await serve((_, response) =>
      response.writeHead(503, { 'Retry-After': after }).end(),
    );
    expect(await fetchWith(url)).toEqual(unreachable);
    expect(requests).toHaveLength(times);
  });
});

describe('a name', () => {
  test.for([
    ['without an address', async () => []],
    ['that cannot be looked up', () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }))],
  ] as const)('%s is unreachable', async ([, resolve]) => {
    expect(await fetchWith('https://a.example/', { resolve })).toEqual(unreachable);
  });
});

describe('whatever a server sends', () => {
  test('is a document, or one of the three codes', async ({ serveRaw }) => {
    let answer = Buffer.alloc(0);
    const { url } = await serveRaw((socket) => socket.end(answer));
    const piece = fc.oneof(
      fc.constantFrom(
        'HTTP/1.1 200 OK\r\n',
        'HTTP/1.0 302 Found\r\n',
        'HTTP/1.1 100 Continue\r\n\r\n',
        '\r\n',
        '\r\n\r\n',
      ),
      fc.constantFrom(
        'Location: ',
        'Location: //127.0.0.1\r\n',
        'Content-Length: 5\r\n',
        'Transfer-Encoding: chunked\r\n',
      ),
      fc.constantFrom(
        'Content-Encoding: gzip\r\n',
        'Content-Encoding: br\r\n',
        'Content-Type: a/b\r\n',
        '5\r\nhello\r\n',
        '0\r\n\r\n',
      ),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    );
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(piece, { maxLength: 8 }), async (begins, pieces) => {
        answer = Buffer.from(`${begins ? 'HTTP/1.1 200 OK\r\n' : ''}${pieces.join('')}`, 'latin1');
        const fetched = await fetchWith(url, { limits: { timeoutMs: 5_000 } });
        const kinds = ['fetched', 'url_forbidden', 'url_unreachable', 'document_too_large'];
        expect(kinds).toContain(fetched.kind === 'failed' ? fetched.code : fetched.kind);
      }),
      { numRuns: 300 },
    );
  });
});

/** The best quality takes ten seconds for a bomb. */
const quickly = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

/** Sends the same bytes until the other side closes. */
function endless(socket: Socket, begin: string, bytes: Buffer): void {
  socket.write(begin);
  const more = () => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', more);
  more();
}

/** Sends a few bytes now and then. */
function trickle(socket: Socket, begin: string, bytes: string): void {
  socket.write(begin);
  const timer = setInterval(() => socket.write(bytes), 10);
  socket.on('close', () => clearInterval(timer));
}
