/** How many errors of one are looked at. A real chain has four or five. */
const mostErrors = 50;

/** What is read of an error. */
export interface FoundError {
  readonly error: object;
  readonly code: unknown;
}

/**
 * Lists an error, its causes, and the errors of an `AggregateError`, the outermost first. Circles end, and a part that cannot be
 * read is left out: what was thrown may be anything.
 */
export function errorsWithin(thrown: unknown): readonly FoundError[] {
  const found = new Map<object, FoundError>();
  const waiting: unknown[] = [thrown];
  for (const error of waiting) {
    if (typeof error !== 'object' || error === null || found.has(error)) continue;
    if (found.size === mostErrors) break;
    found.set(error, { error, code: read(error, 'code') });
    waiting.push(read(error, 'cause'), ...listOf(read(error, 'errors')));
  }
  return [...found.values()];
}

function read(value: object, key: string): unknown {
  try {
    return Reflect.get(value, key);
  } catch {
    return undefined;
  }
}

function listOf(value: unknown): readonly unknown[] {
  try {
    return Array.isArray(value) ? value.slice(0, mostErrors) : [];
  } catch {
    return [];
  }
}
