import { fieldPath } from './field-path.ts';
import type { FieldError } from './problem.ts';

/** Deeper JSON than this is nobody's article; it would overflow the stack of whoever walks it recursively. */
const maxDepth = 32;

const loneSurrogate = /[\ud800-\udfff]/u;

/**
 * The first reason for which a JSON value can't be stored as it is, whatever a route's schema says: nested too deep, NUL,
 * half a surrogate pair. Without recursion, as the depth is what is in doubt.
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
  if (loneSurrogate.test(value)) return 'must be well-formed Unicode: it holds half of a surrogate pair';
  return undefined;
}
