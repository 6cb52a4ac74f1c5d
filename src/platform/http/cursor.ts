import { z } from 'zod';

/**
 * Cursors of paged lists: where the page ended, as base64url of JSON. Opaque to the client and of no power: a forged
 * one can only name another place in the same tenant's list.
 */

const unreadable = 'is not a cursor of this list';
const usualCharacters = 1_000;

/** The cursor of a place in a list. `value` is plain JSON. */
export function encodeCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

/**
 * A cursor as a query parameter: the route's `query.cursor` is the place, decoded; a 422 when it is not one of this list.
 * `maxCharacters` is for places that hold more than a few fields.
 */
export function cursor<Place extends z.ZodType>(schema: Place, maxCharacters = usualCharacters) {
  return z
    .string()
    .max(maxCharacters, unreadable)
    .transform((presented, context): z.output<Place> => {
      const decoded = schema.safeParse(parseJson(presented));
      if (decoded.success) return decoded.data;
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
