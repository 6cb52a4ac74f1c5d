import { Agent, get } from 'node:http';
import { connect } from 'node:net';
import express from 'express';
import pino from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { startServer } from '../../../src/http/server.ts';

const log = pino({ level: 'silent' });

describe('a server that closes', () => {
  it('lets the request in flight end, and takes no other', async () => {
    const { app, arrived, goOn } = waitingApp();
    const server = await startServer({ app, port: 0, log });
    const answer = fetch(`http://127.0.0.1:${server.port}/slow`);
    await arrived;
    const closed = server.close();
    await expect(fetch(`http://127.0.0.1:${server.port}/fast`)).rejects.toThrow();
    goOn();
    const response = await answer;
    expect(await response.text()).toBe('done');
    expect(response.headers.get('connection')).toBe('close');
    await closed;
  });

  it('does not wait for idle connections, and may be closed twice', async () => {
    const { app } = waitingApp();
    const server = await startServer({ app, port: 0, log, graceMs: 600_000 });
    const agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve, reject) => {
      get({ port: server.port, path: '/fast', agent }, (response) => {
        response.resume().on('end', resolve);
      }).on('error', reject);
    });
    await Promise.all([server.close(), server.close()]);
    await server.close();
    agent.destroy();
  });

  it('gives up on a request that outlives the grace', async () => {
    const { app, arrived } = waitingApp();
    const server = await startServer({ app, port: 0, log, graceMs: 20 });
    const answer = fetch(`http://127.0.0.1:${server.port}/slow`);
    const failed = expect(answer).rejects.toThrow();
    await arrived;
    await server.close();
    await failed;
  });
});

describe('a server', () => {
  it('fails to start on a port that is taken', async () => {
    const { app } = waitingApp();
    const first = await startServer({ app, port: 0, log });
    await expect(startServer({ app, port: first.port, log })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await first.close();
  });

  const exchange = (port: number, request: string) =>
    new Promise<string>((resolve, reject) => {
      let received = '';
      const socket = connect(port, '127.0.0.1', () => socket.write(request));
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
    });

  it('ends the answers that wait behind another one when their connection closes', async () => {
    const { arrived, goOn, app } = waitingApp();
    const ends: string[] = [];
    app.get('/behind/:state', (request, response) => {
      const { state } = request.params;
      response.on('close', () => ends.push(`${state}, ${response.writableFinished ? 'sent' : 'not sent'}`));
      if (state === 'written') response.send('done');
    });
    const server = await startServer({ app, port: 0, log });
    const socket = connect(server.port, '127.0.0.1');
    socket.on('error', () => undefined);
    const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    socket.write(ask('/slow') + ask('/behind/written') + ask('/behind/unwritten'));
    await arrived;
    socket.destroy();
    try {
      await vi.waitFor(() => expect(ends).toEqual(['written, not sent', 'unwritten, not sent']), {
        timeout: 2_000,
        interval: 5,
      });
    } finally {
      goOn();
      await server.close();
    }
  });

  it('hands on every header, however many came before it', async () => {
    const app = express();
    app.get('/', (request, response) => {
      response.send(request.get('x-last'));
    });
    const server = await startServer({ app, port: 0, log });
    const many = Array.from({ length: 2_500 }, () => 'a:b\r\n').join('');
    const answer = await exchange(
      server.port,
      `GET / HTTP/1.1\r\nHost:x\r\n${many}X-Last: here\r\nConnection: close\r\n\r\n`,
    );
    await server.close();
    expect(answer).toMatch(/^HTTP\/1.1 200 [\s\S]*here$/);
  });

  it('answers headers of more than 16 KB with 431', async () => {
    const { app } = waitingApp();
    const server = await startServer({ app, port: 0, log });
    const answer = await exchange(server.port, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await server.close();
    expect(answer).toMatch(/^HTTP\/1.1 431 /);
    expect(answer).toContain('"code":"headers_too_large"');
  });

  it('answers what is not HTTP with a problem', async () => {
    const { app } = waitingApp();
    const server = await startServer({ app, port: 0, log });
    const text = await new Promise<string>((resolve) => {
      let received = '';
      const socket = connect(server.port, '127.0.0.1', () =>
        socket.write('GET / HTTP/1.1\r\nbad header\r\n\r\n'),
      );
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('close', () => resolve(received));
    });
    await server.close();
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(text).toContain('application/problem+json');
    expect(text).toContain('"code":"malformed_request"');
  });
});

describe('a server with a host to listen on', () => {
  const at = (host: string, port: number) =>
    fetch(`http://${host}:${port}/fast`).then(
      ({ status }) => status,
      () => 'refused',
    );

  // Elsewhere 127.0.0.2 is no address of the machine until somebody adds it.
  it.runIf(process.platform === 'linux')('listens there alone, and without one everywhere', async () => {
    const { app } = waitingApp();
    const [there, everywhere] = await Promise.all([
      startServer({ app, port: 0, host: '127.0.0.1', log }),
      startServer({ app, port: 0, log }),
    ]);
    expect(await at('127.0.0.1', there.port)).toBe(200);
    expect(await at('127.0.0.2', there.port)).toBe('refused');
    expect(await at('127.0.0.1', everywhere.port)).toBe(200);
    expect(await at('127.0.0.2', everywhere.port)).toBe(200);
    await Promise.all([there.close(), everywhere.close()]);
  });
});

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

/** An app whose slow answer waits for `goOn`. */
function waitingApp() {
  const arrived = deferred();
  const goOn = deferred();
  const app = express();
  app.get('/slow', async (_request, response) => {
    arrived.resolve();
    await goOn.promise;
    response.send('done');
  });
  app.get('/fast', (_request, response) => {
    response.send('fast');
  });
  return { app, arrived: arrived.promise, goOn: goOn.resolve };
}
