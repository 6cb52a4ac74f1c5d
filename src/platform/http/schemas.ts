import { z } from 'zod';
import { hasVisible } from '../../domain/visible-text.ts';
import { surrogateFault } from './surrogates.ts';

/** Building blocks of route schemas: the texts, ids, page sizes and lists of requests. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to refuse
const controlCharacter = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

/** Counts code points, as JSON Schema and Postgres do, without an array of half a million characters. */
function countCharacters(value: string): number {
  let characters = value.length;
  for (let at = 0; at < value.length; at += 1) {
    const unit = value.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdbff && (value.charCodeAt(at + 1) & 0xfc00) === 0xdc00) characters -= 1;
  }
  return characters;
}

/**
 * The schema of a text of `min` (default 1) to `max` characters. Control characters other than line feed, carriage return and
 * tab are refused, and lone surrogates: the database and the providers refuse them too, with less clear messages.
 */
export function text(bounds: { readonly max: number; readonly min?: number }) {
  const min = bounds.min ?? 1;
  return z
    .string()
    .check((context) => {
      const { value, issues } = context;
      const refuse = (message: string) => issues.push({ code: 'custom', message, input: value });
      const characters = value.length > bounds.max ? countCharacters(value) : value.length;
      if (characters > bounds.max) refuse(`must have at most ${bounds.max} characters`);
      else if (characters < min) {
        refuse(min === 1 ? 'must not be empty' : `must have at least ${min} characters`);
      }
      if (controlCharacter.test(value)) {
        refuse('must not hold control characters other than line breaks and tabs');
      }
      const fault = surrogateFault(value);
      if (fault !== undefined) refuse(fault);
    })
    .meta({ minLength: min, maxLength: bounds.max });
}

/** The schema of a text of at most `max` characters in which something can be seen. */
export function visibleText(bounds: { readonly max: number }) {
  return text(bounds).refine((value) => value === '' || hasVisible(value), 'must not be blank');
}

/** The schema of an id, which becomes lower case: the spelling of the database and of Temporal's workflow ids. */
export const uuid = z.uuid('must be a UUID').toLowerCase();

const plainDigits = /^(?:0|[1-9]\d{0,14})$/;

/**
 * The schema of a whole number as a query parameter: its digits and nothing else. `Number` would also read 0x10, 1e1 and blanks as
 * numbers.
 */
export function wholeNumber(bounds: { readonly min: number; readonly max: number }) {
  const message = `must be a whole number from ${bounds.min} to ${bounds.max}`;
  return z.preprocess(
    (given) => (typeof given === 'string' && plainDigits.test(given) ? Number(given) : given),
    z.number(message).int(message).min(bounds.min, message).max(bounds.max, message),
  );
}

/** The schema of a page size as a query parameter: a whole number from 1 to `max` (100), 50 or `max` by default. */
export function limit(bounds: { readonly max?: number; readonly default?: number } = {}) {
  const max = bounds.max ?? 100;
  return wholeNumber({ min: 1, max }).default(bounds.default ?? Math.min(50, max));
}

/** The schema of an array of at most `max` items. In a longer array no item is parsed. */
export function boundedArray<Item extends z.ZodType>(item: Item, { max }: { readonly max: number }) {
  const message = `must have at most ${max} entries`;
  const bounded = (given: unknown, context: z.RefinementCtx) => {
    if (!Array.isArray(given) || given.length <= max) return given;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  };
  return z.preprocess(bounded, z.array(item).max(max, message));
}

/** The schema of a list as a query parameter: the parameter once, several times, or with commas; at most `max` entries. */
export function list<Item extends z.ZodType<unknown, string>>(item: Item, { max }: { readonly max: number }) {
  const message = `must have at most ${max} entries`;
  return z
    .union([z.string(), z.array(z.string())], 'must be a text or a list of texts')
    .transform((given, context) => {
      const entries = Array.isArray(given) ? given : given.split(',');
      if (entries.length <= max) return entries;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .pipe(z.array(item).max(max, message));
}

/** The schema of an object with any JSON in it, at most `maxBytes` long. Depth and characters are checked for every body. */
export function jsonObject({ maxBytes }: { readonly maxBytes: number }) {
  return z
    .record(z.string(), z.unknown(), 'must be an object')
    .refine((value) => fitsAsJson(value, maxBytes), {
      message: `must have at most ${maxBytes} bytes as JSON`,
    });
}

/** Whether a value has at most `maxBytes` as JSON. A value that is far too long is not serialized. */
function fitsAsJson(value: unknown, maxBytes: number): boolean {
  // Each value takes a character and a comma; the outermost has no comma.
  let atLeast = 1;
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'string') atLeast += next.length;
    if (typeof next === 'object' && next !== null) {
      const names = Array.isArray(next) ? [] : Object.keys(next);
      const items: readonly unknown[] = Array.isArray(next) ? next : Object.values(next);
      atLeast += 2 * items.length;
      for (const name of names) atLeast += name.length;
      if (atLeast <= maxBytes) for (const item of items) open.push(item);
    }
    if (atLeast > maxBytes) return false;
  }
  return Buffer.byteLength(JSON.stringify(value)) <= maxBytes;
}
