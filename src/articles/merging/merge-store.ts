import type { Transaction } from '../../platform/postgres/database.ts';

/** Two articles, in the order of their ids, so that a pair is the same in either order. */
export type Pair = readonly [first: string, second: string];

/**
 * Claims the merge of a pair, unless it is claimed or the tenant has as many under way as it may. Two claims at the same moment
 * may exceed that number by one, which costs nothing more than a slot. Alternative that lost: a lock for the length of the call,
 * which would hold a connection to the database for a minute.
 */
export async function claimMerge(
  tx: Transaction,
  tenantId: string,
  [first, second]: Pair,
  claim: { readonly id: string; readonly leaseMs: number; readonly maxAtOnce: number },
): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `insert into article_merges as m (tenant_id, first_id, second_id, claim_id, leased_until)
     select :tenantId, :first, :second, :id, clock_timestamp() + :leaseMs * interval '1 millisecond'
      where (select count(*) from article_merges
              where tenant_id = :tenantId and leased_until > clock_timestamp()) < :maxAtOnce
     on conflict (tenant_id, first_id, second_id) do update
       set claim_id = excluded.claim_id, leased_until = excluded.leased_until
       where m.leased_until <= clock_timestamp()
     returning 1`,
    { tenantId, first, second, ...claim },
  );
  return rows.length === 1;
}

/** Gives the claim back, and deletes those of the tenant that processes have left when they died. */
export async function releaseMerge(tx: Transaction, tenantId: string, claimId: string): Promise<void> {
  await tx('article_merges')
    .where({ tenant_id: tenantId })
    .where((of) => of.where({ claim_id: claimId }).orWhereRaw('leased_until <= clock_timestamp()'))
    .delete();
}
