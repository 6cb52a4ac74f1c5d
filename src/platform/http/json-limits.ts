import { fieldPath } from './field-path.ts';
import type { FieldError } from './problem.ts';
import { surrogateFault } from './surrogates.ts';

/** The most levels of nesting. No real request needs more; much deeper JSON would overflow the stack of a recursive reader. */
const maxDepth = 32;

/**
 * The first reason why a JSON value cannot be stored, for any schema: nested too deep, a NUL character, or half of a surrogate
 * pair; undefined without one. It does not recurse, since the depth is not yet known to be safe.
 */
export function findJsonFault(value: unknown): FieldError | undefined {
  const open: { value: unknown; path: string; depth: number }[] = [{ value, path: '', depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value: found, path, depth } = next;
    if (typeof found === 'string') {
      const message = faultOfText(found);
      if (message) return { path, message };
      continue;
    }
    if (typeof found !== 'object' || found === null) continue;
    if (depth === maxDepth) return { path, message: `must not be nested deeper than ${maxDepth} levels` };
    for (const [name, child] of Object.entries(found)) {
      const isItem = Array.isArray(found);
      const message = isItem ? undefined : faultOfText(name);
      if (message) return { path, message: `has a field whose name ${message}` };
      open.push({ value: child, path: fieldPath(path, isItem ? Number(name) : name), depth: depth + 1 });
    }
  }
  return undefined;
}

function faultOfText(value: string): string | undefined {
  if (value.includes('\u0000')) return 'must not hold the control character NUL';
  return surrogateFault(value);
}
