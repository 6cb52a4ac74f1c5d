import { z } from 'zod';
import { invalidField, type Problem } from './problem.ts';

/**
 * Cursors of paged lists: where the page ended, as base64url of JSON. Opaque to the client and of no power: a forged
 * one can only name another place in the same tenant's list.
 */

const unreadable = 'is not a cursor of this list';
const maxCharacters = 1_000;

export type Decoded<T> = { readonly kind: 'ok'; readonly value: T } | Problem;

/** The cursor of a place in a list. `value` is plain JSON. */
export function encodeCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

/** The place that a cursor names, or a 422 of the field `cursor` when it is not one of this list. */
export function decodeCursor<Place extends z.ZodType>(
  schema: Place,
  presented: string,
): Decoded<z.output<Place>> {
  const parsed = schema.safeParse(parseJson(presented));
  return parsed.success ? { kind: 'ok', value: parsed.data } : invalidField('cursor', unreadable);
}

/** A cursor as a query parameter: the route's `query.cursor` is the place, decoded. */
export function cursor<Place extends z.ZodType>(schema: Place) {
  return z
    .string()
    .max(maxCharacters, unreadable)
    .transform((presented, context): z.output<Place> => {
      const decoded = decodeCursor(schema, presented);
      if (decoded.kind === 'ok') return decoded.value;
      context.addIssue({ code: 'custom', message: unreadable });
      return z.NEVER;
    });
}

function parseJson(presented: string): unknown {
  if (!/^[\w-]+$/.test(presented)) return undefined;
  try {
    return JSON.parse(Buffer.from(presented, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
