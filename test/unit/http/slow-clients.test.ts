import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { jsonSlices } from '../../../src/http/json-slices.ts';
import { writeSlices } from '../../../src/http/write-slices.ts';
import { reply, route } from '../../../src/platform/http/route.ts';
import { keyOf, startTinyApp, type TinyApp } from '../../support/tiny-app.ts';

const items = Array.from({ length: 16 }, (_, i) => String(i % 10).repeat(1_000_000));
const longAnswer = route({
  method: 'get',
  path: '/long',
  role: 'agent',
  tag: 'long',
  summary: 'Sixteen million characters',
  replies: { 200: { description: 'Them', schema: z.object({ data: z.array(z.string()) }) } },
  problems: [],
  handle: async () => reply(200, { data: items }),
});

let app: TinyApp | undefined;
afterEach(() => app?.close());

const request = `GET /api/v1/long HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${keyOf('agent')}\r\nConnection: close\r\n\r\n`;

async function ask(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(request);
  return socket;
}

describe('a client that stops reading', () => {
  it('is given up after the time limit, and others are answered meanwhile', async () => {
    app = await startTinyApp({ routes: [longAnswer], answerTimeoutMs: 300 });
    const socket = await ask(app.port);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await fetch(`${app.url}/healthz`)).status).toBe(200);
    let line: string | undefined;
    while (line === undefined) {
      line = app
        .logged()
        .split('\n')
        .find((logged) => logged.includes('"route":"/long"'));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(line).toContain('"client_gone":true');
    socket.destroy();
  });
});

describe('a client that reads slowly', () => {
  it('gets the whole answer, however long it takes', async () => {
    app = await startTinyApp({ routes: [longAnswer], answerTimeoutMs: 1_500 });
    const socket = await ask(app.port);
    const ended = once(socket, 'end');
    let received = 0;
    socket.on('data', ({ length }) => {
      received += length;
    });
    // Longer in all than the limit, and shorter each time.
    for (let pauses = 0; pauses < 5; pauses += 1) {
      socket.pause();
      await new Promise((resolve) => setTimeout(resolve, 500));
      socket.resume();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await ended;
    expect(received).toBeGreaterThan(16_000_000);
  });
});

describe('a long answer', () => {
  it('waits for the socket: no more than a slice lies in it', async () => {
    const slices = Array.from({ length: 400 }, () => Buffer.alloc(65_536));
    let held = 0;
    const server = createServer(async (_, response: ServerResponse) => {
      const watch = setInterval(() => {
        held = Math.max(held, response.writableLength);
      }, 5);
      await writeSlices(response, slices, 10_000);
      clearInterval(watch);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = await ask(port);
    await new Promise((resolve) => setTimeout(resolve, 300));
    socket.resume();
    await once(socket, 'end');
    server.close();
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(3 * 65_536);
  });

  it('is the JSON of its body, byte by byte', async () => {
    const text = fc.string({ unit: 'grapheme' });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.jsonValue(),
          fc.record({ data: fc.array(fc.jsonValue()), meta: fc.object({ key: text }) }),
        ),
        async (body) => {
          expect(Buffer.concat(await jsonSlices(body)).toString('utf8')).toBe(JSON.stringify(body));
        },
      ),
      { numRuns: 500 },
    );
    const body = {
      data: [...items, { at: new Date(0) }, undefined, null],
      none: undefined,
      meta: { a: '知'.repeat(99_999) },
    };
    const slices = await jsonSlices(body);
    expect(slices.length).toBeGreaterThan(10);
    expect(Buffer.concat(slices).equals(Buffer.from(JSON.stringify(body)))).toBe(true);
  });
});
