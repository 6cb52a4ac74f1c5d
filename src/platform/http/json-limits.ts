import { fieldPath } from './field-path.ts';
import type { FieldError } from './problem.ts';
import { surrogateFault } from './surrogates.ts';

/** The most levels of nesting. No real request needs more; much deeper JSON would overflow the stack of a recursive reader. */
const maxDepth = 32;

/**
 * The most values, entries of one array, fields of one object, and characters of a name. Metadata of the longest allowed size
 * has at most 33,000 entries; a body of 2 MB could have a million, which schemas would examine for seconds.
 */
const maxValues = 100_000;
const maxEntries = 40_000;
const maxFields = 15_000;
const maxNameCharacters = 1_000;

/** An object or array that is being examined, and the way to it. */
interface Container {
  readonly items: object;
  readonly depth: number;
  readonly parent?: Container;
  readonly step: string | number;
}

/**
 * The first reason why a JSON value cannot be taken, for any schema: too many or too deep values, too long a name, a NUL character,
 * half of a surrogate pair, or a field called `__proto__`; undefined without one. It does not recurse, since the depth is not
 * yet known to be safe, and makes the path of a fault only.
 */
export function findJsonFault(value: unknown): FieldError | undefined {
  if (typeof value === 'string') return faultAt('', faultOfText(value));
  const open: Container[] = [];
  let values = 0;
  if (typeof value === 'object' && value !== null) open.push({ items: value, depth: 0, step: '' });
  for (let container = open.pop(); container !== undefined; container = open.pop()) {
    const fault = faultOfContainer(container);
    if (fault) return faultAt(pathOf(container), fault);
    const { items, depth } = container;
    for (const step of Array.isArray(items) ? items.keys() : Object.keys(items)) {
      values += 1;
      if (values > maxValues) return faultAt('', `must hold at most ${maxValues} values in all`);
      const message = typeof step === 'string' ? faultOfName(step) : undefined;
      if (message) return faultAt(pathOf(container), `has a field whose name ${message}`);
      const item: unknown = Reflect.get(items, step);
      if (typeof item === 'string') {
        const wrong = faultOfText(item);
        if (wrong) return faultAt(fieldPath(pathOf(container), step), wrong);
      } else if (typeof item === 'object' && item !== null) {
        open.push({ items: item, depth: depth + 1, parent: container, step });
      }
    }
  }
  return undefined;
}

function faultOfContainer({ items, depth }: Container): string | undefined {
  if (depth === maxDepth) return `must not be nested deeper than ${maxDepth} levels`;
  if (Array.isArray(items)) {
    return items.length > maxEntries ? `must have at most ${maxEntries} entries` : undefined;
  }
  return Object.keys(items).length > maxFields ? `must have at most ${maxFields} fields` : undefined;
}

function pathOf({ parent, step }: Container): string {
  return parent === undefined ? '' : fieldPath(pathOf(parent), step);
}

function faultAt(path: string, message: string | undefined): FieldError | undefined {
  return message === undefined ? undefined : { path, message };
}

function faultOfName(name: string): string | undefined {
  if (name.length > maxNameCharacters) return `has more than ${maxNameCharacters} characters`;
  // JavaScript takes it for another thing than a field, and would lose it on the way.
  if (name === '__proto__') return 'is __proto__, which is reserved';
  return faultOfText(name);
}

function faultOfText(value: string): string | undefined {
  if (value.includes('\u0000')) return 'must not hold the control character NUL';
  return surrogateFault(value);
}
