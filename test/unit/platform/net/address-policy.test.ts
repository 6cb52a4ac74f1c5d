import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPublicAddress } from '../../../../src/platform/net/address-policy.ts';
import { readHost } from '../../../../src/platform/net/read-host.ts';

const special = {
  'private, of 10/8': ['10.0.0.0', '10.255.255.255'],
  'private, of 172.16/12': ['172.16.0.1', '172.31.255.255'],
  'private, of 192.168/16': ['192.168.0.1', '192.168.255.255'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  unspecified: ['0.0.0.0', '0.1.2.3', '::'],
  'link-local, with the metadata of the clouds': ['169.254.0.1', '169.254.169.254', 'fe80::1', 'febf::1'],
  'shared by the customers of a carrier': ['100.64.0.1', '100.100.100.200', '100.127.255.255'],
  "of a cloud's own services": ['168.63.129.16', '192.0.0.192', 'fd00:ec2::254', 'fd20:ce::254'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1'],
  broadcast: ['255.255.255.255'],
  reserved: ['240.0.0.1', '192.0.0.1', '192.88.99.1', '2001:1::1', '5f00::1', '100::1', '4000::1', 'e000::1'],
  'for benchmarks': ['198.18.0.1', '198.19.255.255', '2001:2::1'],
  'for documents': ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
  'unique or site local': ['fc00::1', 'fdff::1', 'fec0::1'],
  'mapped, compatible or translated v4': [
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '::8.8.8.8',
    '::ffff:0:1.2.3.4',
  ],
  'translated by NAT64': ['64:ff9b::7f00:1', '64:ff9b::808:808', '64:ff9b:1::a00:1', '64:ff9b:1:ffff::1'],
  'tunnelled by 6to4': ['2002:7f00:1::', '2002:a00:1::1', '2002:808:808::1'],
  'tunnelled by Teredo': ['2001::1', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
  'tunnelled by ISATAP': ['2606:4700::5efe:10.0.0.1', '2606:4700::200:5efe:10.0.0.1'],
  'with a zone': ['fe80::1%eth0', '2606:4700::1111%eth0'],
  'no address in its usual notation': [
    '',
    'localhost',
    '2130706433',
    '0177.0.0.1',
    '0x7f.1',
    '8.8',
    '[::1]',
    ' 8.8.8.8',
  ],
};

describe('an address is not public that is', () => {
  test.each(Object.entries(special))('%s', (_, addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });
});

test.each([
  '8.8.8.8',
  '1.1.1.1',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.167.255.255',
  '192.169.0.0',
  '169.253.255.255',
  '223.255.255.255',
  '2606:4700:4700::1111',
  '2a00:1450:4001:80b::200a',
  '2600::5efe',
  '2001:4860:4860::8888',
])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

/** A v4 address of a private range, as a number. */
const inRange = (first: number, bits: number) =>
  fc.nat({ max: 2 ** (32 - bits) - 1 }).map((offset) => first * 2 ** 24 + offset);
const privateV4 = fc.oneof(
  inRange(10, 8),
  inRange(127, 8),
  inRange(0, 8),
  inRange(169 + 254 / 2 ** 8, 16),
  inRange(172 + 16 / 2 ** 8, 12),
  inRange(192 + 168 / 2 ** 8, 16),
  inRange(100 + 64 / 2 ** 8, 10),
  inRange(240, 4),
);

/** The notations of a part that a URL takes. */
const partIn = fc.constantFrom<(part: number) => string>(
  (part) => String(part),
  (part) => `0x${part.toString(16)}`,
  (part) => `0X${part.toString(16).toUpperCase()}`,
  (part) => `0${part.toString(8)}`,
  (part) => `0x000${part.toString(16)}`,
);

/** The address in one to four parts, of which the last holds what is left. */
function partsOf(address: number, count: number): number[] {
  const leading = [24, 16, 8].slice(0, count - 1).map((shift) => Math.floor(address / 2 ** shift) % 256);
  return [...leading, address % 2 ** (32 - 8 * (count - 1))];
}

const hex = (address: number) =>
  `${Math.floor(address / 65_536).toString(16)}:${(address % 65_536).toString(16)}`;

test('a private v4 address is not public in any notation that a URL takes', () => {
  const notation = fc.tuple(
    privateV4,
    fc.integer({ min: 1, max: 4 }),
    fc.array(partIn, { minLength: 4, maxLength: 4 }),
  );
  fc.assert(
    fc.property(notation, fc.constantFrom('', '.'), ([address, count, write], dot) => {
      const parts = partsOf(address, count).map((part, i) => (write[i] ?? String)(part));
      const read = readHost(new URL(`http://${parts.join('.')}${dot}/`).hostname);
      expect(read).toEqual({ kind: 'address', ip: partsOf(address, 4).join('.') });
      expect(readHost(`${parts.join('.')}${dot}`)).toEqual(read);
      expect(read.kind === 'address' && isPublicAddress(read.ip)).toBe(false);
    }),
  );
});

test('a private v4 address is not public inside a v6 address', () => {
  const embedded = fc.constantFrom<(address: number) => string>(
    (address) => `::ffff:${hex(address)}`,
    (address) => `::ffff:${partsOf(address, 4).join('.')}`,
    (address) => `::${hex(address)}`,
    (address) => `64:ff9b::${hex(address)}`,
    (address) => `64:ff9b:1::${hex(address)}`,
    (address) => `2002:${hex(address)}::1`,
  );
  fc.assert(
    fc.property(privateV4, embedded, (address, embed) => {
      const read = readHost(new URL(`http://[${embed(address)}]/`).hostname);
      expect(read.kind).toBe('address');
      expect(read.kind === 'address' && isPublicAddress(read.ip)).toBe(false);
    }),
  );
});
