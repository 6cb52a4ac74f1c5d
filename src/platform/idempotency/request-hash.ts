import { createHash } from 'node:crypto';

/** SHA-256 (hex) that is equal for equal requests: method, path and body. The order of the body's fields does not matter. */
export function requestHash(request: {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}): string {
  return createHash('sha256')
    .update(`${request.method.toUpperCase()} ${request.path}\n${canonicalJson(request.body)}`)
    .digest('hex');
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value ?? null, (_name, field: unknown) =>
    typeof field === 'object' && field !== null && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([left], [right]) => (left < right ? -1 : 1)))
      : field,
  );
}
