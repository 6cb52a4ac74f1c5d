import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/**
 * The bodies of those of these articles that are still published, by id. Together they have at most `maxCharacters`: the body that
 * reaches them is cut, and those of later ids are empty.
 */
export async function listBodies(
  tx: Transaction,
  tenantId: string,
  ids: readonly string[],
  maxCharacters: number,
): Promise<Map<string, string>> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with sized as (
       select a.id, coalesce(sum(length(a.body)) over (order by wanted.position
                               rows between unbounded preceding and 1 preceding), 0) as before
         from unnest(cast(:ids as uuid[])) with ordinality as wanted (id, position)
         join articles a on a.tenant_id = :tenantId and a.id = wanted.id and a.status = 'published'
     )
     select a.id, left(a.body, greatest(0, :maxCharacters - sized.before)::int) as body
       from sized
       join articles a on a.tenant_id = :tenantId and a.id = sized.id`,
    { tenantId, ids: [...ids], maxCharacters },
  );
  const found = z.array(z.object({ id: z.string(), body: z.string() })).parse(rows);
  return new Map(found.map(({ id, body }) => [id, body]));
}
