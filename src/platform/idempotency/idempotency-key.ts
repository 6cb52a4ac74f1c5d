import { invalidField, type Problem } from '../http/problem.ts';
import type { Route } from '../http/route.ts';

export type PresentedKey =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'none' }
  | Problem;

/** Printable ASCII, which every proxy and client can send in a header. */
const wellFormed = /^[\u0020-\u007e]{1,255}$/;

/**
 * The Idempotency-Key of a request: the header, or the body's `idempotency_key` if the route's schema has that field. Fails
 * with a problem when the two differ or the key is malformed.
 */
export function presentedIdempotencyKey(
  route: Route,
  header: string | undefined,
  body: unknown,
): PresentedKey {
  if (!route.idempotent) return { kind: 'none' };
  const inBody = bodyField(body);
  if (header !== undefined && inBody !== undefined && header !== inBody) {
    return invalidField('idempotency_key', 'differs from the Idempotency-Key header');
  }
  const key = header ?? inBody;
  if (key === undefined) return { kind: 'none' };
  if (wellFormed.test(key)) return { kind: 'key', key };
  return invalidField(
    header === undefined ? 'idempotency_key' : 'Idempotency-Key',
    'must have 1 to 255 printable ASCII characters',
  );
}

function bodyField(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('idempotency_key' in body)) return undefined;
  return typeof body.idempotency_key === 'string' ? body.idempotency_key : undefined;
}
