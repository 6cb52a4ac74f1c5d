import { expect, test } from 'vitest';
import { createAddressCheck } from '../../../../src/platform/net/address-check.ts';

const names: Readonly<Record<string, readonly string[]>> = {
  'public.example': ['8.8.8.8', '2606:4700::1111'],
  'private.example': ['10.0.0.1'],
  'mixed.example': ['8.8.8.8', '::1'],
  'xn--bcher-kva.example': ['8.8.8.8'],
  'empty.example': [],
};
const { check } = createAddressCheck({
  async resolve(name) {
    const found = names[name];
    if (found === undefined) throw new Error('ENOTFOUND');
    return found;
  },
});

test.each([
  ['public.example', 'allowed'],
  ['PUBLIC.example.', 'allowed'],
  ['bücher.example', 'allowed'],
  ['8.8.8.8', 'allowed'],
  ['[2606:4700::1111]', 'allowed'],
  ['private.example', 'forbidden'],
  ['mixed.example', 'forbidden'],
  ['127.1', 'forbidden'],
  ['2852039166', 'forbidden'],
  ['[::ffff:7f00:1]', 'forbidden'],
  ['::1', 'forbidden'],
  ['user@public.example', 'forbidden'],
  ['public.example:8080', 'forbidden'],
  ['public.example/path', 'forbidden'],
  ['public.example?', 'forbidden'],
  ['', 'forbidden'],
  ['.', 'forbidden'],
  ['absent.example', 'unresolved'],
  ['empty.example', 'unresolved'],
] as const)('the host %s is %s', async (host, verdict) => {
  expect(await check(host)).toBe(verdict);
});
