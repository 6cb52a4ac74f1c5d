import { isDeepStrictEqual } from 'node:util';
import { type Problem, type ProblemCode, problemTraits } from './problem.ts';
import type { Reply, Route } from './route.ts';

/** Every code that a route can answer: its own codes and those of authentication, rate limits and parsing. */
function problemCodesOf(route: Route): readonly ProblemCode[] {
  const codes = new Set<ProblemCode>(route.problems);
  const add = (...more: readonly ProblemCode[]) => {
    for (const code of more) codes.add(code);
  };
  add('unauthorized', 'forbidden', 'rate_limited', 'busy', 'internal');
  if (route.params) add('not_found', 'malformed_request');
  if (route.query) add('validation_failed');
  if (route.body) {
    add(
      'malformed_json',
      'malformed_request',
      'body_too_large',
      'unsupported_media_type',
      'validation_failed',
    );
  }
  if (route.idempotent) add('idempotency_key_reused', 'validation_failed');
  return [...codes];
}

/** The codes of a route by their HTTP status, lowest status first. */
export function problemCodesByStatus(route: Route): ReadonlyMap<number, readonly ProblemCode[]> {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of problemCodesOf(route)) {
    const { status } = problemTraits(code);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return new Map([...byStatus].sort(([left], [right]) => left - right));
}

/** The headers that every problem of a status carries, beside those of every answer. */
export function problemHeadersOf(status: number): readonly ('WWW-Authenticate' | 'Retry-After' | 'ETag')[] {
  switch (status) {
    case 401:
      return ['WWW-Authenticate'];
    case 412:
      return ['ETag'];
    case 429:
    case 503:
      return ['Retry-After'];
    default:
      return [];
  }
}

/**
 * The first part of an answer that its route does not declare: the status or code, a header, or a body that differs from its
 * schema (a missing field, an extra field, a field of another type). Undefined when all is declared. Names fields, never their
 * values.
 */
export function undeclaredIn(route: Route, answer: Reply | Problem): string | undefined {
  if (answer.kind === 'problem') {
    if (!problemCodesOf(route).includes(answer.code)) return `the code ${answer.code}`;
    const { status } = problemTraits(answer.code);
    return undeclaredHeader(problemHeadersOf(status), answer.headers);
  }
  const declared = route.replies[answer.status];
  if (!declared) return `the status ${answer.status}`;
  const header = undeclaredHeader(Object.keys(declared.headers ?? {}), answer.headers);
  if (header) return header;
  if (!declared.schema) return answer.body === undefined ? undefined : `a body at ${answer.status}`;
  const body: unknown = answer.body === undefined ? undefined : JSON.parse(JSON.stringify(answer.body));
  const parsed = declared.schema.safeParse(body);
  if (!parsed.success) {
    return parsed.error.issues
      .map(({ path, message }) => `body.${path.map(String).join('.')}: ${message}`)
      .join('; ');
  }
  const difference = firstDifference(body, parsed.data, 'body');
  return difference === undefined ? undefined : `${difference}: not in the schema`;
}

/** A header that is answered but not declared, or declared but not answered. */
function undeclaredHeader(
  declared: readonly string[],
  answered: Readonly<Record<string, string>> = {},
): string | undefined {
  const promised = new Set(declared.map((name) => name.toLowerCase()));
  const given = new Set(Object.keys(answered).map((name) => name.toLowerCase()));
  // The document declares it for every route that takes an Idempotency-Key.
  given.delete('idempotency-replayed');
  for (const name of given) if (!promised.has(name)) return `the header ${name}`;
  for (const name of promised) if (!given.has(name)) return `an answer without the header ${name}`;
  return undefined;
}

function firstDifference(left: unknown, right: unknown, path: string): string | undefined {
  if (isDeepStrictEqual(left, right)) return undefined;
  if (typeof left !== 'object' || left === null || typeof right !== 'object' || right === null) return path;
  for (const [name, value] of Object.entries(left)) {
    const difference = firstDifference(value, Reflect.get(right, name), `${path}.${name}`);
    if (difference) return difference;
  }
  return path;
}
