import { createServer } from 'node:net';
import { test as base, expect } from 'vitest';
import { createPortChooser } from '../../src/stack/ports.ts';

const test = base.extend('listen', ({}, { onCleanup }) => {
  const listening: Listening[] = [];
  onCleanup(async () => {
    for (const { close } of listening) await close();
  });
  return async (host: string): Promise<Listening> => {
    const server = await listenOn(host);
    listening.push(server);
    return server;
  };
});

for (const host of ['127.0.0.1', '0.0.0.0']) {
  test(`replaces a port that is taken on ${host}, and says so`, async ({ listen }) => {
    const { port: taken } = await listen(host);
    const lines: string[] = [];
    const port = await createPortChooser((line) => lines.push(line))('Temporal', taken);
    expect(port).not.toBe(taken);
    expect(lines).toEqual([`port ${taken} is taken: Temporal listens on ${port} instead`]);
  });
}

test('gives a free port that is asked for, once, and says nothing', async ({ listen }) => {
  const { port: free, close } = await listen('127.0.0.1');
  await close();
  const lines: string[] = [];
  const choosePort = createPortChooser((line) => lines.push(line));
  expect(await choosePort('PostgreSQL', free)).toBe(free);
  expect(lines).toEqual([]);
  expect(await choosePort('OpenBao', free)).not.toBe(free);
});

test('never gives one port to two services', async () => {
  const choosePort = createPortChooser(() => undefined);
  const ports = await Promise.all(Array.from({ length: 50 }, () => choosePort('anything', 0)));
  expect(new Set(ports).size).toBe(50);
});

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** A server on a free port of this host. */
function listenOn(host: string): Promise<Listening> {
  return new Promise((resolve) => {
    const server = createServer();
    const close = () => new Promise<void>((done) => server.close(() => done()));
    server.listen(0, host, () => {
      const address = server.address();
      resolve({ port: typeof address === 'object' && address ? address.port : 0, close });
    });
  });
}
