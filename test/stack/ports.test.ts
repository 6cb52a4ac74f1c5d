import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createPortChooser } from '../../src/stack/ports.ts';

const servers: Server[] = [];
afterEach(() => Promise.all(servers.splice(0).map((each) => new Promise((done) => each.close(done)))));

const listen = (host: string) =>
  new Promise<number>((resolve) => {
    const server = createServer();
    servers.push(server);
    server.listen(0, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });

for (const host of ['127.0.0.1', '0.0.0.0']) {
  test(`replaces a port that is taken on ${host}, and tells`, async () => {
    const taken = await listen(host);
    const told: string[] = [];
    const port = await createPortChooser((line) => told.push(line))('Temporal', taken);
    expect(port).not.toBe(taken);
    expect(told).toEqual([`port ${taken} is taken: Temporal listens on ${port} instead`]);
  });
}

test('gives a free port that is asked for, once, and says nothing', async () => {
  const free = await listen('127.0.0.1');
  await new Promise((done) => servers.pop()?.close(done));
  const told: string[] = [];
  const choosePort = createPortChooser((line) => told.push(line));
  expect(await choosePort('PostgreSQL', free)).toBe(free);
  expect(told).toEqual([]);
  expect(await choosePort('OpenBao', free)).not.toBe(free);
});

test('never gives one port to two services', async () => {
  const choosePort = createPortChooser(() => undefined);
  const ports = await Promise.all(Array.from({ length: 50 }, () => choosePort('anything', 0)));
  expect(new Set(ports).size).toBe(50);
});
