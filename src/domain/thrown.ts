import { type FailureCode, isFailureCode } from './failures.ts';

/**
 * The code of a thrown value: the `type` of a failure of Temporal's if that is a code of the failure table, and otherwise
 * `internal`. In the errors of a vendor's library the `type` is a word of the provider's. Never throws: a value that cannot be
 * read (a proxy, a getter that throws) is `internal` too.
 */
export function codeOfThrown(thrown: unknown): FailureCode {
  const isFailure = readThrown(thrown, 'name') === 'ApplicationFailure';
  const type = isFailure ? readThrown(thrown, 'type') : undefined;
  return isFailureCode(type) ? type : 'internal';
}

/** A property of a thrown value; undefined when the property is absent or cannot be read. Never throws. */
export function readThrown(thrown: unknown, property: string): unknown {
  try {
    return typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, property) : undefined;
  } catch {
    return undefined;
  }
}

/** `instanceof` for a thrown value; false when the value cannot be read. Never throws. */
export function isThrown<T>(thrown: unknown, kind: abstract new (...given: never[]) => T): thrown is T {
  try {
    return thrown instanceof kind;
  } catch {
    return false;
  }
}
