import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/** The bodies of those of these articles that are published now, by id; of a longer one so many characters. */
export async function readBodies(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
  mostCharacters: number,
): Promise<Map<string, string>> {
  const rows: unknown = await tx('articles')
    .where({ tenant_id: tenantId, status: 'published' })
    .whereIn('id', [...ids])
    .select('id', tx.raw('left(body, ?) as body', [mostCharacters]));
  const found = z.array(z.object({ id: z.string(), body: z.string() })).parse(rows);
  return new Map(found.map(({ id, body }) => [id, body]));
}
