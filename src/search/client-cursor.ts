import { createHash } from 'node:crypto';
import { z } from 'zod';
import { encodeCursor } from '../platform/http/cursor.ts';
import type { Database } from '../platform/postgres/database.ts';
import { isSealedFor, type SearchCursor, type SearchText, seal, sealCursor, sealedCursor } from './cursor.ts';
import { findCursor, storeCursor } from './cursor-store.ts';

/**
 * The longest cursor that a client gets, in characters of the URL. Common web servers refuse URLs of more than 8 KB, and some
 * clients far shorter ones. A longer cursor is stored, and the client gets a reference to it.
 */
export const maxCursorCharacters = 2_000;

/** Names a stored cursor. */
const cursorReference = z.object({ stored: z.string().regex(/^[0-9a-f]{32}$/), checksum: z.string() });

/** A cursor as a client presents it, decoded: the cursor itself, or a reference to a stored one. */
export const clientCursor = z.union([sealedCursor, cursorReference]);
export type ClientCursor = z.output<typeof clientCursor>;

export type OpenedCursor =
  | { readonly kind: 'opened'; readonly cursor: SearchCursor }
  | { readonly kind: 'other_search' }
  | { readonly kind: 'expired' };

/** The cursor for the client. Few are long, and only these take a transaction of their own, which stores them. */
export async function issueCursor(
  database: Database,
  tenantId: string,
  search: SearchText,
  cursor: SearchCursor,
): Promise<string> {
  const sealed = sealCursor(tenantId, search, cursor);
  const encoded = encodeCursor(sealed);
  if (encoded.length <= maxCursorCharacters) return encoded;
  // A digest as the id: a page that is read again stores no second row.
  const id = createHash('sha256').update(encoded).digest('hex').slice(0, 32);
  await database.withTenant(tenantId, (tx) => storeCursor(tx, tenantId, id, sealed));
  return encodeCursor(seal(tenantId, search, { stored: id }));
}

/**
 * Checks the cursor of a client and, if it is a reference, reads the stored one. The checksum of the reference tells a cursor
 * of another search from one whose row is gone. Clients can compute it, so the checksum in the row is checked too.
 */
export async function openCursor(
  database: Database,
  tenantId: string,
  search: SearchText,
  given: ClientCursor,
): Promise<OpenedCursor> {
  if (!isSealedFor(tenantId, search, given)) return { kind: 'other_search' };
  if (!('stored' in given)) return { kind: 'opened', cursor: given };
  const stored = await database.readTenant(tenantId, (tx) => findCursor(tx, tenantId, given.stored));
  if (stored === undefined) return { kind: 'expired' };
  return isSealedFor(tenantId, search, stored)
    ? { kind: 'opened', cursor: stored }
    : { kind: 'other_search' };
}
