import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/** The bodies of those of these articles that are still published, by id, cut to `maxCharacters`. */
export async function listBodies(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
  maxCharacters: number,
): Promise<Map<string, string>> {
  const rows: unknown = await tx('articles')
    .where({ tenant_id: tenantId, status: 'published' })
    .whereIn('id', [...ids])
    .select('id', tx.raw('left(body, ?) as body', [maxCharacters]));
  const found = z.array(z.object({ id: z.string(), body: z.string() })).parse(rows);
  return new Map(found.map(({ id, body }) => [id, body]));
}
