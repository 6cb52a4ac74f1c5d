import { invalidField, type Problem } from '../http/problem.ts';
import type { Route } from '../http/route.ts';

export type PresentedKey =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'none' }
  | Problem;

/** Printable ASCII, which every proxy and client can send in a header. */
const wellFormed = /^[\u0020-\u007e]{1,255}$/;

/** A string of Structured Fields (RFC 9651): in double quotes, where a backslash comes before a quote or a backslash. */
const quotedString = /^"((?:[^"\\]|\\["\\])*)"$/;

/**
 * The Idempotency-Key of a request: the header, or the body's `idempotency_key` if the route's schema has that field. The header
 * is the key itself or a quoted string of it. Fails with a problem when the two differ or the key is malformed.
 */
export function presentedIdempotencyKey(
  route: Route,
  header: string | undefined,
  body: unknown,
): PresentedKey {
  if (!route.idempotent) return { kind: 'none' };
  const inBody = bodyField(body);
  if (header === undefined)
    return inBody === undefined ? { kind: 'none' } : keyFrom('idempotency_key', inBody);
  const bare = bareKey(header);
  if (bare === undefined) {
    return invalidField(
      'Idempotency-Key',
      'must be one key: put it in double quotes if it has commas or quotes',
    );
  }
  if (inBody !== undefined && bare !== inBody) {
    return invalidField('idempotency_key', 'differs from the Idempotency-Key header');
  }
  return keyFrom('Idempotency-Key', bare);
}

/** The key in a header; undefined when there is not exactly one, as in `a, b`, which two headers are joined to as well. */
function bareKey(header: string): string | undefined {
  const quoted = quotedString.exec(header)?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/g, '$1');
  return /[",]/.test(header) ? undefined : header;
}

function keyFrom(field: string, key: string): PresentedKey {
  if (wellFormed.test(key)) return { kind: 'key', key };
  return invalidField(field, 'must have 1 to 255 printable ASCII characters');
}

function bodyField(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('idempotency_key' in body)) return undefined;
  return typeof body.idempotency_key === 'string' ? body.idempotency_key : undefined;
}
