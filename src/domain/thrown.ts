import { type FailureCode, isFailureCode } from './failures.ts';

/**
 * The code of anything thrown: its `type` where that is a code of the table, as a failure of Temporal's carries it, and
 * else `internal`. Total: a value that cannot even be looked at (a proxy, a getter that throws) is `internal` too.
 */
export function codeOfThrown(thrown: unknown): FailureCode {
  const type = readThrown(thrown, 'type');
  return isFailureCode(type) ? type : 'internal';
}

/** A property of anything thrown; undefined where it has none or does not let itself be read. */
export function readThrown(thrown: unknown, property: string): unknown {
  try {
    return typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, property) : undefined;
  } catch {
    return undefined;
  }
}

/** `instanceof` that does not throw, whatever is thrown at it. */
export function isThrown<T>(thrown: unknown, kind: abstract new (...given: never[]) => T): thrown is T {
  try {
    return thrown instanceof kind;
  } catch {
    return false;
  }
}
