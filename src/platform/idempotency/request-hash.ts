import { createHash } from 'node:crypto';
import type { Upload } from '../http/upload.ts';

/**
 * SHA-256 (hex) that is equal for equal requests: method, path, body, and the file that came with it. The order of the body's
 * fields does not matter.
 */
export function requestHash(request: {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly upload?: Upload | undefined;
}): string {
  const hash = createHash('sha256').update(
    `${request.method.toUpperCase()} ${request.path}\n${canonicalJson(request.body)}`,
  );
  const { upload } = request;
  if (upload !== undefined) {
    // JSON has no line break of its own, so the parts cannot run into each other.
    hash.update(`\n${canonicalJson([upload.fileName, upload.contentType])}\n`).update(upload.bytes);
  }
  return hash.digest('hex');
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value ?? null, (_name, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([left], [right]) => (left < right ? -1 : 1)))
      : field,
  );
}
