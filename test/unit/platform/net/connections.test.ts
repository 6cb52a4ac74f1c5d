import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { fetch } from 'undici';
import { test as base, describe, expect } from 'vitest';
import { createAddressCheck } from '../../../../src/platform/net/address-check.ts';
import { isAddressForbidden } from '../../../../src/platform/net/address-forbidden.ts';
import { type ConnectionsDeps, createConnections } from '../../../../src/platform/net/connections.ts';
import { createAuthority, createServerCertificate } from '../../../support/certificates.ts';
import { startTlsServer } from '../../../support/tls-server.ts';

const host = 'provider.example';

const test = base
  .extend('requests', () => [] as IncomingMessage[])
  .extend('authority', { scope: 'worker' }, () => createAuthority())
  .extend('server', async ({ authority, requests }, { onCleanup }) => {
    const server = await startTlsServer(
      await createServerCertificate({ host, authority }),
      (request, response) => {
        requests.push(request);
        response.end('ok');
      },
    );
    onCleanup(() => server.close());
    return server;
  })
  .extend(
    'ask',
    ({ authority }) =>
      (url: string, deps: ConnectionsDeps, use: 'kept' | 'fresh' = 'kept') =>
        fetch(url, {
          dispatcher: createConnections({ authorities: [authority.cert], ...deps }).dispatcher('public', use),
        }).then((response) => response.text()),
  );

/** A resolver that gives these answers one after the other, and the last again and again. */
function answering(...answers: (readonly string[])[]) {
  const asked: string[] = [];
  return {
    asked,
    resolve: async (name: string) => {
      asked.push(name);
      return answers[Math.min(asked.length, answers.length) - 1] ?? [];
    },
  };
}

describe('a connection that must go to a public address', () => {
  test('is not opened to a name that has become private since it was set', async ({ server, ask }) => {
    const { resolve } = answering(['8.8.8.8'], ['127.0.0.1']);
    expect(await createAddressCheck({ resolve }).check(host)).toBe('allowed');
    const error: unknown = await ask(`https://${host}:${server.port}/`, { resolve }).catch(
      (thrown) => thrown,
    );
    expect(isAddressForbidden(error)).toBe(true);
    expect(server.connections()).toBe(0);
  });

  test.for(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '2130706433', '0x7f.1', '0177.0.0.1', '127.1'])(
    'is not opened to %s, which is not looked up',
    async (literal, { server, ask }) => {
      const { resolve, asked } = answering(['8.8.8.8']);
      const error: unknown = await ask(`https://${literal}:${server.port}/`, { resolve }).catch(
        (thrown) => thrown,
      );
      expect(isAddressForbidden(error)).toBe(true);
      expect([server.connections(), asked]).toEqual([0, []]);
    },
  );

  test('is not opened where one of several addresses is private', async ({ server, ask }) => {
    const { resolve } = answering(['8.8.8.8', '127.0.0.1', '2606:4700::1111']);
    const error: unknown = await ask(`https://${host}:${server.port}/`, { resolve }).catch(
      (thrown) => thrown,
    );
    expect(isAddressForbidden(error)).toBe(true);
    expect(server.connections()).toBe(0);
  });

  test.for([
    [7, 'ok'],
    [8, 'TypeError'],
  ] as const)(
    'tries eight addresses of a name, so after %i others the answer is %s',
    async ([others, answer], { server, ask }) => {
      const unused = Array.from({ length: others }, (_, at) => `127.0.0.${at + 2}`);
      const asked = ask(`https://${host}:${server.port}/`, {
        resolve: async () => [...unused, '127.0.0.1'],
        isAllowed: () => true,
      });
      expect(await asked.catch((thrown) => thrown.name)).toBe(answer);
    },
  );

  test('is not opened without TLS', async ({ server, ask }) => {
    const { resolve, asked } = answering(['127.0.0.1']);
    const deps = { resolve, isAllowed: () => true };
    const error: unknown = await ask(`http://${host}:${server.port}/`, deps).catch((thrown) => thrown);
    expect(isAddressForbidden(error)).toBe(true);
    expect([server.connections(), asked]).toEqual([0, []]);
  });

  test('is not opened to a name without an address, which is no matter of the rule', async ({
    server,
    ask,
  }) => {
    const error: unknown = await ask(`https://${host}:${server.port}/`, answering([])).catch(
      (thrown) => thrown,
    );
    expect(isAddressForbidden(error)).toBe(false);
    expect(error).toMatchObject({ cause: { code: 'ENOTFOUND' } });
  });
});

describe('a connection to an allowed address', () => {
  const isAllowed = (ip: string) => ip === '127.0.0.1';

  test('goes to the checked address, and TLS and the request keep the name', async ({
    server,
    requests,
    ask,
  }) => {
    const { resolve, asked } = answering(['127.0.0.1'], ['10.0.0.1']);
    expect(await ask(`https://${host}:${server.port}/`, { resolve, isAllowed })).toBe('ok');
    const [request] = requests;
    expect(request?.headers.host).toBe(`${host}:${server.port}`);
    expect(request?.socket instanceof TLSSocket && request.socket.servername).toBe(host);
    expect(asked).toEqual([host]);
  });

  test('is kept for later requests, which look nothing up', async ({ server, authority }) => {
    const { resolve, asked } = answering(['127.0.0.1']);
    const connections = createConnections({ resolve, isAllowed, authorities: [authority.cert] });
    for (let i = 0; i < 5; i += 1) {
      const response = await fetch(`https://${host}:${server.port}/`, {
        dispatcher: connections.dispatcher('public', 'kept'),
      });
      await response.text();
    }
    // A request that comes at once may find the first one not yet put back.
    expect(server.connections()).toBeLessThan(3);
    expect(asked.length).toBe(server.connections());
  });

  test('is checked again whenever it is made anew', async ({ server, authority }) => {
    const { resolve } = answering(['127.0.0.1'], ['10.0.0.1']);
    const connections = createConnections({ resolve, isAllowed, authorities: [authority.cert] });
    const ask = () =>
      fetch(`https://${host}:${server.port}/`, { dispatcher: connections.dispatcher('public', 'fresh') });
    await (await ask()).text();
    const error: unknown = await ask().catch((thrown) => thrown);
    expect(isAddressForbidden(error)).toBe(true);
    expect(server.connections()).toBe(1);
  });

  test('is closed after its request where it was made for one', async ({ server, requests, authority }) => {
    const connections = createConnections({
      ...answering(['127.0.0.1']),
      isAllowed,
      authorities: [authority.cert],
    });
    for (let i = 0; i < 3; i += 1) {
      const response = await fetch(`https://${host}:${server.port}/`, {
        dispatcher: connections.dispatcher('public', 'fresh'),
      });
      await response.text();
    }
    expect([server.connections(), requests[0]?.headers.connection]).toEqual([3, 'close']);
  });
});
