import { z } from 'zod';

/** Building blocks of route schemas: what every text, id, page size and list of a request has in common. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to refuse
const controlCharacter = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

/** With the `u` flag a proper pair is one character and does not match. */
const loneSurrogate = /[\ud800-\udfff]/u;

/** Characters as a person, JSON Schema and Postgres count them, without building an array of half a million. */
function countCharacters(value: string): number {
  let characters = value.length;
  for (let at = 0; at < value.length; at += 1) {
    const unit = value.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdbff && (value.charCodeAt(at + 1) & 0xfc00) === 0xdc00) characters -= 1;
  }
  return characters;
}

/**
 * A text of `min` (default 1) to `max` characters. Refuses control characters other than line break, carriage return
 * and tab, and half surrogates: the database and the providers do, with less clear words.
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
      if (loneSurrogate.test(value)) refuse('must be well-formed Unicode: it holds half of a surrogate pair');
    })
    .meta({ minLength: min, maxLength: bounds.max });
}

/** An id, in the one spelling (lower case) that the database and Temporal know it by. */
export const uuid = z.uuid('must be a UUID').toLowerCase();

/** The page size of a list: a query parameter from 1 to `max`. */
export function limit(bounds: { readonly max?: number; readonly default?: number } = {}) {
  const max = bounds.max ?? 100;
  const message = `must be a whole number from 1 to ${max}`;
  return z.coerce
    .number(message)
    .int(message)
    .min(1, message)
    .max(max, message)
    .default(bounds.default ?? Math.min(50, max));
}

/** A query parameter given once, several times, or as a comma-separated list. */
export function list<Item extends z.ZodType<unknown, string>>(item: Item, bounds: { readonly max: number }) {
  return z
    .union([z.string(), z.array(z.string())])
    .transform((given) => (Array.isArray(given) ? given : given.split(',')))
    .pipe(z.array(item).max(bounds.max, `must have at most ${bounds.max} entries`));
}

/** A free object of the client's own: any JSON, `maxBytes` long at most. Depth and characters are checked for every body. */
export function jsonObject(bounds: { readonly maxBytes: number }) {
  return z
    .record(z.string(), z.unknown(), 'must be an object')
    .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= bounds.maxBytes, {
      message: `must have at most ${bounds.maxBytes} bytes as JSON`,
    });
}
