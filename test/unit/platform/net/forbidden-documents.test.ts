import { BlockList, isIPv4 } from 'node:net';
import fc from 'fast-check';
import { test as base, describe, expect } from 'vitest';
import { createSafeFetch } from '../../../../src/platform/net/safe-fetch.ts';
import { watchConnections } from '../../../support/watched-connections.ts';

const test = base
  .extend('watched', async ({}, { onCleanup }) => {
    const watched = watchConnections();
    onCleanup(() => watched.stop());
    return watched;
  })
  .extend(
    'fetchFrom',
    () =>
      (url: string, ...addresses: string[]) =>
        createSafeFetch({ resolve: async () => addresses, version: '1', limits: { pauseMs: 0 } }).fetch(url),
  );

const forbidden = { kind: 'failed', code: 'url_forbidden' };

describe('an address of a document is not asked', () => {
  test.for<[string, string]>([
    ['loopback', 'http://127.0.0.1/'],
    ['loopback in short', 'http://127.1/'],
    ['loopback as one number', 'http://2130706433/'],
    ['loopback in hexadecimal', 'http://0x7f.0x0.0x0.0x1/'],
    ['loopback in octal', 'http://0177.0.0.1/'],
    ['loopback with the dot of the root', 'http://127.0.0.1./'],
    ['loopback in full-width digits', 'http://１２７.０.０.１/'],
    ['loopback percent-encoded', 'http://%31%32%37.0.0.1/'],
    ['loopback behind backslashes', 'http:\\\\127.0.0.1\\'],
    ['loopback with a line break', 'http://127.0.\n0.1/'],
    ['loopback of IPv6', 'http://[::1]/'],
    ['any address', 'http://0/'],
    ['any address in full', 'http://0.0.0.0/'],
    ['any address of IPv6', 'http://[::]/'],
    ['private 10', 'http://10.1.2.3/'],
    ['private 172.16', 'http://172.16.0.1/'],
    ['private 192.168', 'http://192.168.1.1/'],
    ['shared address space', 'http://100.64.0.1/'],
    ['link-local', 'http://169.254.1.1/'],
    ['cloud metadata', 'http://169.254.169.254/latest/meta-data/'],
    ['cloud metadata of Azure', 'http://168.63.129.16/'],
    ['cloud metadata of Alibaba', 'http://100.100.100.200/'],
    ['cloud metadata of IPv6', 'http://[fd00:ec2::254]/'],
    ['documentation', 'http://192.0.2.1/'],
    ['benchmarking', 'http://198.18.0.1/'],
    ['multicast', 'http://224.0.0.1/'],
    ['reserved', 'http://240.0.0.1/'],
    ['broadcast', 'http://255.255.255.255/'],
    ['unique local', 'http://[fc00::1]/'],
    ['link-local of IPv6', 'http://[fe80::1]/'],
    ['a zone', 'http://[fe80::1%25eth0]/'],
    ['multicast of IPv6', 'http://[ff02::1]/'],
    ['v4 in v6', 'http://[::ffff:127.0.0.1]/'],
    ['v4 in v6 in hexadecimal', 'http://[::ffff:7f00:1]/'],
    ['v4-compatible', 'http://[::127.0.0.1]/'],
    ['NAT64', 'http://[64:ff9b::7f00:1]/'],
    ['local NAT64', 'http://[64:ff9b:1::7f00:1]/'],
    ['6to4', 'http://[2002:7f00:1::]/'],
    ['Teredo', 'http://[2001:0:7f00:1::]/'],
    ['documentation of IPv6', 'http://[2001:db8::1]/'],
  ])('%s', async ([, url], { watched, fetchFrom }) => {
    expect(await fetchFrom(url, '8.8.8.8')).toEqual(forbidden);
    expect(await fetchFrom(url.replace('http:', 'https:'), '8.8.8.8')).toEqual(forbidden);
    expect(watched.addresses()).toEqual([]);
  });

  test.for([
    ['a name of this machine', 'http://localhost/', ['127.0.0.1']],
    ['a name below it', 'http://a.localhost./', ['127.0.0.1']],
    ['the same in other letters', 'http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/', ['::1']],
    ['a name with one private address', 'https://a.example/', ['8.8.8.8', '10.0.0.1', '1.1.1.1']],
    ['a name with a mapped address', 'https://a.example/', ['2606:4700::1111', '::ffff:10.0.0.1']],
    ['a name with what is no address', 'https://a.example/', ['8.8.8.8', 'nonsense']],
  ] as const)('%s', async ([, url, addresses], { watched, fetchFrom }) => {
    expect(await fetchFrom(url, ...addresses)).toEqual(forbidden);
    expect(watched.addresses()).toEqual([]);
  });

  test.for<[string, string]>([
    ['no address', 'nothing at all'],
    ['an empty text', ''],
    ['a path', '/etc/passwd'],
    ['a user name', 'https://user@a.example/'],
    ['a password', 'https://:secret@a.example/'],
    ['the scheme file', 'file:///etc/passwd'],
    ['the scheme ftp', 'ftp://a.example/'],
    ['the scheme data', 'data:text/plain,hello'],
    ['the scheme gopher', 'gopher://a.example:70/_'],
    ['the scheme blob', 'blob:https://a.example/1'],
    ['the scheme javascript', 'javascript:alert(1)'],
    ['the port of mail', 'http://a.example:25/'],
    ['the port of IRC', 'https://a.example:6667/'],
    ['port 0', 'http://a.example:0/'],
    ['more than 2,048 characters', `https://a.example/${'x'.repeat(2_040)}`],
    ['more than 2,048 characters once they are encoded', `https://a.example/${'知'.repeat(300)}`],
  ])('%s', async ([, url], { watched, fetchFrom }) => {
    expect(await fetchFrom(url, '8.8.8.8')).toEqual(forbidden);
    expect(watched.addresses()).toEqual([]);
  });
});

describe('an address of a document is asked', () => {
  test.for([
    ['http://a.example/', ['8.8.8.8']],
    ['https://a.example/', ['8.8.8.8', '2606:4700::1111']],
    ['https://a.example:8443/', ['1.1.1.1']],
    ['http://8.8.8.8/', ['8.8.8.8']],
  ] as const)(
    '%s at every address of its name, and once more',
    async ([url, addresses], { watched, fetchFrom }) => {
      expect(await fetchFrom(url, ...addresses)).toEqual({ kind: 'failed', code: 'url_unreachable' });
      expect(watched.addresses()).toEqual([...addresses, ...addresses]);
    },
  );
});

describe('any text as an address', () => {
  test('never throws, and never opens a connection that is not public', async ({ watched }) => {
    const octet = fc.integer({ min: 0, max: 255 });
    const host = fc.oneof(
      fc.ipV4Extended(),
      fc.ipV6().map((ip) => `[${ip}]`),
      fc.tuple(octet, octet).map(([high, low]) => `[::ffff:${high}.0.0.${low}]`),
      fc.constantFrom('localhost', 'a.example', '0', 'LOCALHOST.', '127.0.0.1.', 'xn--a', '知.example'),
      fc.domain(),
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    const prefix = fc.constantFrom(
      'http://',
      'https://',
      'http:',
      'HTTPS:\\\\',
      '//',
      'ftp://',
      '',
      'http://a@',
      'http://[',
    );
    const suffix = fc.oneof(
      fc.constantFrom('', '/', ':80/', ':22/', '?x', '#x', '/..//'),
      fc.webPath(),
      fc.string(),
    );
    const url = fc.oneof(
      fc.tuple(prefix, host, suffix).map((parts) => parts.join('')),
      fc.string({ unit: 'binary' }),
    );
    const found = fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ maxLength: 9 })), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(url, found, async (text, addresses) => {
        const safe = createSafeFetch({
          resolve: async () => addresses,
          version: '1',
          limits: { pauseMs: 0 },
        });
        expect(await safe.fetch(text)).toMatchObject({
          kind: 'failed',
          code: expect.stringMatching(/^url_(forbidden|unreachable)$/),
        });
      }),
      { numRuns: 3_000 },
    );
    expect(watched.addresses().filter(isSpecial)).toEqual([]);
    expect(watched.addresses().length).toBeGreaterThan(100);
  });
});

/** Ranges that lead to no server of the internet, written down apart from the code that is tested. */
const listOf = (
  family: 'ipv4' | 'ipv6',
  ...ranges: readonly (readonly [network: string, bits: number])[]
) => {
  const list = new BlockList();
  for (const [network, bits] of ranges) list.addSubnet(network, bits, family);
  return list;
};
const specialV4 = listOf(
  'ipv4',
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
  ] as const),
  ...([
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
  ] as const),
  ...([
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 3],
  ] as const),
);
const specialV6 = listOf(
  'ipv6',
  ...([
    ['::', 3],
    ['2001::', 32],
    ['2001:db8::', 32],
    ['2002::', 16],
    ['4000::', 2],
    ['8000::', 1],
  ] as const),
);
// One list for both would take each v4 address for one within `::/3`.
const isSpecial = (address: string) =>
  isIPv4(address) ? specialV4.check(address) : specialV6.check(address, 'ipv6');
