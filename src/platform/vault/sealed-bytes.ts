import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

/** The form of sealed bytes, so that a later form can be told apart: form, nonce, tag, ciphertext. */
const form = 1;
const nonceBytes = 12;
const tagBytes = 16;
const headerBytes = 1 + nonceBytes + tagBytes;

const algorithm = 'aes-256-gcm';

/**
 * Seals bytes with AES-256-GCM under a random nonce. The label is authenticated and not stored. One key seals a document and the
 * answers about it, far below the 2^32 messages up to which random nonces are safe.
 */
export function sealBytes(key: KeyObject, label: string, plaintext: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(label, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([Buffer.of(form), nonce, cipher.getAuthTag(), ciphertext]);
}

/** Opens sealed bytes; undefined where they were altered or cut, or sealed under another key or label. */
export function openSealed(key: KeyObject, label: string, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length < headerBytes || sealed[0] !== form) return undefined;
  const bytes = Buffer.from(sealed);
  const nonce = bytes.subarray(1, 1 + nonceBytes);
  const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(label, 'utf8'));
  decipher.setAuthTag(bytes.subarray(1 + nonceBytes, headerBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(headerBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}
