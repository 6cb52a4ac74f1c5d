import { createHash, randomBytes } from 'node:crypto';

/** `lk_` and 256 random bits in base64url. */
const shape = /^lk_[A-Za-z0-9_-]{43}$/;

export interface MintedKey {
  /** The key itself: shown once, kept nowhere. */
  readonly key: string;
  readonly keyHash: Buffer;
  /** The last four characters, by which a person tells keys apart. */
  readonly hint: string;
}

/** Makes a new API key. A fast hash is enough for it: 256 random bits cannot be guessed, whatever a guess costs. */
export function mintApiKey(): MintedKey {
  const key = `lk_${randomBytes(32).toString('base64url')}`;
  return { key, keyHash: hashApiKey(key), hint: key.slice(-4) };
}

/** SHA-256 of a key: all that is stored of it. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}

/** Whether a string can be an API key at all: what cannot is refused before the database is asked. */
export function looksLikeApiKey(presented: string): boolean {
  return shape.test(presented);
}
