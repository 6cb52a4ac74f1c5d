import { createHash, randomBytes } from 'node:crypto';

/** `lk_` and 256 random bits in base64url. */
const shape = /^lk_[A-Za-z0-9_-]{43}$/;

export interface MintedKey {
  /** The key itself: shown once and not stored. */
  readonly key: string;
  readonly keyHash: Buffer;
  /** The last four characters, by which a person recognizes a key. */
  readonly hint: string;
}

/** Creates an API key. A fast hash is enough for it: 256 random bits cannot be guessed, however cheap a guess is. */
export function mintApiKey(): MintedKey {
  const key = `lk_${randomBytes(32).toString('base64url')}`;
  return { key, keyHash: hashApiKey(key), hint: key.slice(-4) };
}

/** SHA-256 of a key, 32 bytes. Only this hash and the hint are stored. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}

/** Whether a string has the form of an API key. Other strings are refused without a query. */
export function looksLikeApiKey(presented: string): boolean {
  return shape.test(presented);
}
