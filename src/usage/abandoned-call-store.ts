import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/**
 * Lists tenants with calls that have been open for longer than `olderThanMs`, or that the ledger has lacked for as long. At random,
 * so that none is always behind the others. For the scope of reconciliation.
 */
export async function listTenantsToMend(
  tx: Transaction,
  olderThanMs: number,
  maxTenants: number,
): Promise<string[]> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select tenant_id from (
       select tenant_id from provider_calls
        where finished_at is null and started_at < now() - :olderThanMs * interval '1 millisecond'
       union
       select tenant_id from provider_calls
        where ledger_due and (finished_at < now() - :olderThanMs * interval '1 millisecond' or outcome = 'unknown')
     ) tenants order by random() limit :maxTenants`,
    { olderThanMs, maxTenants },
  );
  return z
    .array(z.object({ tenant_id: z.string() }))
    .parse(rows)
    .map((row) => row.tenant_id);
}

/**
 * Closes the tenant's call records that have been open for longer than `olderThanMs`, because of a crash; returns how many.
 * Their outcome is `unknown`, and their reserved tokens count as spent, because the provider may have been paid. The ledger
 * gets them as estimates.
 */
export async function closeAbandonedCalls(
  tx: Transaction,
  tenantId: string,
  olderThanMs: number,
): Promise<number> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with abandoned as (
       update provider_calls
          set finished_at = clock_timestamp(), outcome = 'unknown', estimated = true, ledger_due = true,
              input_tokens = reserved_tokens - reserved_output_tokens, output_tokens = reserved_output_tokens
        where tenant_id = :tenantId and finished_at is null
          and started_at < now() - :olderThanMs * interval '1 millisecond'
       returning tenant_id, month, api_key_id, day, reserved_tokens
     ),
     day_sums as (
       select tenant_id, api_key_id, day, sum(reserved_tokens)::bigint as tokens
         from abandoned where api_key_id is not null group by tenant_id, api_key_id, day
     ),
     days_settled as (
       update daily_key_usage d
          set reserved_tokens = d.reserved_tokens - s.tokens, settled_tokens = d.settled_tokens + s.tokens
         from day_sums s where d.tenant_id = s.tenant_id and d.api_key_id = s.api_key_id and d.day = s.day
       returning 1
     ),
     sums as (
       select tenant_id, month, sum(reserved_tokens)::bigint as tokens, count(*) as calls
         from abandoned group by tenant_id, month
     ),
     settled as (
       update monthly_usage u
          set reserved_tokens = u.reserved_tokens - sums.tokens, settled_tokens = u.settled_tokens + sums.tokens
         -- The count lets the rows of all days be locked before those of the months, as at the beginning of every call.
         from sums, (select count(*) from days_settled) days
        where u.tenant_id = sums.tenant_id and u.month = sums.month
     )
     select calls from sums`,
    { tenantId, olderThanMs },
  );
  return z
    .array(z.object({ calls: z.coerce.number() }))
    .parse(rows)
    .reduce((sum, { calls }) => sum + calls, 0);
}
