import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { hashApiKey, looksLikeApiKey, mintApiKey } from '../../../src/tenants/api-key.ts';

test('a key is lk_ and 256 random bits in base64url', () => {
  const { key } = mintApiKey();
  expect(key).toMatch(/^lk_[A-Za-z0-9_-]{43}$/);
  expect(Buffer.from(key.slice(3), 'base64url')).toHaveLength(32);
});

test('two keys are never the same', () => {
  const keys = Array.from({ length: 1_000 }, () => mintApiKey().key);
  expect(new Set(keys).size).toBe(1_000);
});

test('only the SHA-256 of a key and its last four characters go with it', () => {
  const { key, keyHash, hint } = mintApiKey();
  expect(keyHash).toEqual(createHash('sha256').update(key).digest());
  expect(hashApiKey(key)).toEqual(keyHash);
  expect(key.endsWith(hint)).toBe(true);
  expect(hint).toHaveLength(4);
});

test.each([
  '',
  'lk_',
  'sk_',
  `lk_${'a'.repeat(42)}`,
  `lk_${'a'.repeat(44)}`,
  `lk_${'a'.repeat(42)}\n`,
  `LK_${'a'.repeat(43)}`,
])('what cannot be a key is recognised by its shape (%j)', (presented) => {
  expect(looksLikeApiKey(presented)).toBe(false);
});

test('a minted key has the shape of a key', () => {
  expect(looksLikeApiKey(mintApiKey().key)).toBe(true);
});
