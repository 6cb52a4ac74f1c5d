import { z } from 'zod';

/**
 * Cursors of paged lists: the position where a page ended, as base64url of JSON. A cursor is opaque to the client and grants
 * nothing: a forged one can only name another position in the same tenant's list.
 */

const unreadable = 'is not a cursor of this list';
const defaultMaxCharacters = 1_000;

/** The cursor of a position in a list. `value` is plain JSON. */
export function encodeCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}

/**
 * The schema of a cursor as a query parameter: it gives the decoded position, and a 422 for a cursor that is malformed or of
 * another list. A position with more than a few fields needs a larger `maxCharacters`.
 */
export function cursor<Position extends z.ZodType>(schema: Position, maxCharacters = defaultMaxCharacters) {
  return z
    .string()
    .max(maxCharacters, unreadable)
    .transform((presented, context): z.output<Position> => {
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
