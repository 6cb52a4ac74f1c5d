import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/**
 * Closes call records of all tenants that have been open for longer than `olderThanMs`, because of a crash; returns how
 * many. Their outcome is `unknown`, and their reserved tokens count as spent, because the provider may have been paid.
 * For the scope of reconciliation.
 */
export async function closeAbandonedCalls(tx: Transaction, olderThanMs: number): Promise<number> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with abandoned as (
       update provider_calls set finished_at = clock_timestamp(), outcome = 'unknown'
        where finished_at is null and started_at < now() - :olderThanMs * interval '1 millisecond'
       returning tenant_id, month, reserved_tokens
     ),
     sums as (
       select tenant_id, month, sum(reserved_tokens)::bigint as tokens, count(*) as calls
         from abandoned group by tenant_id, month
     ),
     settled as (
       update monthly_usage u
          set reserved_tokens = u.reserved_tokens - sums.tokens, settled_tokens = u.settled_tokens + sums.tokens
         from sums where u.tenant_id = sums.tenant_id and u.month = sums.month
     )
     select calls from sums`,
    { olderThanMs },
  );
  return z
    .array(z.object({ calls: z.coerce.number() }))
    .parse(rows)
    .reduce((sum, { calls }) => sum + calls, 0);
}
