import { once } from 'node:events';
import { createServer } from 'node:net';
import fc from 'fast-check';
import { fetch } from 'undici';
import { test as base, describe, expect } from 'vitest';
import { createConnections } from '../../../../src/platform/net/connections.ts';
import { transportCauseOf } from '../../../../src/platform/net/transport-cause.ts';
import { type Certificate, createAuthority, createServerCertificate } from '../../../support/certificates.ts';
import { startTlsServer } from '../../../support/tls-server.ts';

const host = 'provider.example';

const test = base
  .extend('authority', { scope: 'worker' }, () => createAuthority())
  .extend('causeAt', ({ authority }, { onCleanup }) => async (certificate: Certificate) => {
    const server = await startTlsServer(certificate);
    onCleanup(() => server.close());
    return causeOf(`https://${host}:${server.port}/`, [authority.cert]);
  });

/** The cause of a request to a name that is this machine. */
async function causeOf(url: string, authorities?: readonly string[]) {
  const connections = createConnections({
    resolve: async () => ['127.0.0.1'],
    isAllowed: () => true,
    ...(authorities === undefined ? {} : { authorities }),
  });
  const thrown: unknown = await fetch(url, { dispatcher: connections.dispatcher('public', 'kept') }).catch(
    (error) => error,
  );
  return thrown instanceof Error ? transportCauseOf(thrown) : 'none';
}

describe('a server whose certificate', () => {
  test('is good has no cause', async ({ authority, causeAt }) => {
    expect(await causeAt(await createServerCertificate({ host, authority }))).toBe('none');
  });

  test('has expired is told', async ({ authority, causeAt }) => {
    const certificate = await createServerCertificate({ host, authority, validDays: [-20, -10] });
    expect(await causeAt(certificate)).toBe('expired_certificate');
  });

  test('is not valid yet is told', async ({ authority, causeAt }) => {
    const certificate = await createServerCertificate({ host, authority, validDays: [10, 20] });
    expect(await causeAt(certificate)).toBe('expired_certificate');
  });

  test('is that of another host is told', async ({ authority, causeAt }) => {
    const certificate = await createServerCertificate({ host: 'other.example', authority });
    expect(await causeAt(certificate)).toBe('wrong_host');
  });

  test('is of an authority that nobody knows is told', async ({ causeAt }) => {
    const certificate = await createServerCertificate({ host, authority: await createAuthority() });
    expect(await causeAt(certificate)).toBe('unknown_authority');
  });

  test('comes with the root that signed it is told like one without', async ({ causeAt }) => {
    const stranger = await createAuthority();
    const { cert, key } = await createServerCertificate({ host, authority: stranger });
    expect(await causeAt({ cert: `${cert}\n${stranger.cert}`, key })).toBe('unknown_authority');
  });

  test('is signed by itself is told', async ({ causeAt }) => {
    expect(await causeAt(await createServerCertificate({ host }))).toBe('self_signed');
  });
});

describe('a server that', () => {
  test('speaks no TLS is told', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(await causeOf(`https://${host}:${port}/`)).toBe('tls_failed');
    server.close();
  });

  test('is not there is told', async () => {
    const server = await startTlsServer(await createServerCertificate({ host }));
    server.close();
    expect(await causeOf(`https://${host}:${server.port}/`)).toBe('connection_refused');
  });
});

const withCode = (code: unknown, rest: object = {}) => Object.assign(new Error('words'), { code, ...rest });

test.for([
  ['ENOTFOUND', 'name_not_found'],
  ['EAI_AGAIN', 'name_not_found'],
  ['ECONNREFUSED', 'connection_refused'],
  ['ECONNRESET', 'connection_reset'],
  ['EPIPE', 'connection_reset'],
  ['UND_ERR_SOCKET', 'connection_reset'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connect_timeout'],
  ['ETIMEDOUT', 'connect_timeout'],
  ['EHOSTUNREACH', 'host_unreachable'],
  ['ENETUNREACH', 'host_unreachable'],
  ['CERT_HAS_EXPIRED', 'expired_certificate'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self_signed'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unknown_authority'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'unknown_authority'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'wrong_host'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls_failed'],
  ['ESOMETHING', 'other'],
] as const)('the code %s is the cause %s, wherever in an error it stands', ([code, cause]) => {
  expect(transportCauseOf(withCode(code))).toBe(cause);
  expect(transportCauseOf(new Error('a', { cause: new TypeError('b', { cause: withCode(code) }) }))).toBe(
    cause,
  );
  expect(
    transportCauseOf(new TypeError('c', { cause: new AggregateError([withCode('X'), withCode(code)]) })),
  ).toBe(cause);
});

test('the most telling cause of several addresses counts', () => {
  const both = [withCode('ENETUNREACH'), withCode('ECONNREFUSED')];
  expect(transportCauseOf(Object.assign(new AggregateError(both), { code: 'ENETUNREACH' }))).toBe(
    'connection_refused',
  );
});

test('anything that is thrown has a cause: circles, and values that cannot be read', () => {
  const circle = withCode('none');
  circle.cause = circle;
  const unreadable = new Proxy(new Error('x'), {
    get() {
      throw new Error('no');
    },
    getPrototypeOf() {
      throw new Error('no');
    },
  });
  const revoked = Proxy.revocable([], {});
  revoked.revoke();
  const thrown = [
    circle,
    unreadable,
    { errors: revoked.proxy },
    { cause: revoked.proxy },
    null,
    undefined,
    7,
    'x',
    Symbol('x'),
    () => 1,
  ];
  expect(thrown.map(transportCauseOf)).toEqual(thrown.map(() => 'other'));
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true }), (value) => {
      expect(transportCauseOf(value)).toBe('other');
      expect(transportCauseOf(withCode(value, { cause: value, errors: value }))).toBe('other');
    }),
  );
});
