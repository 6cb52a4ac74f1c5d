import type { Transaction } from '../platform/postgres/database.ts';
import { endSql } from '../platform/retention/expired-rows-store.ts';
import type { Batch } from '../platform/retention/retention-rule.ts';

/** The condition on a call `r` that has ended, and that the ledger does not lack. */
export const endedSql = `r.finished_at is not null and not r.ledger_due
  and (r.outcome <> 'ok' or exists (select 1 from usage_ledger l where l.tenant_id = r.tenant_id and l.call_id = r.id))`;

/**
 * Adds old calls to the sums of their day and deletes them, with their ledger rows; returns how many. It is one statement, so a
 * report is the same before and after.
 */
export async function moveToDailySums(
  tx: Transaction,
  tenantId: string,
  { keptMs, maxRows }: Batch,
): Promise<number> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `with old as materialized (
       select r.* from provider_calls r
        where r.tenant_id = :tenantId and r.finished_at < ${endSql} and ${endedSql}
        order by r.finished_at limit :maxRows for update skip locked
     ),
     moved as (
       delete from usage_ledger l using old where l.tenant_id = old.tenant_id and l.call_id = old.id
       returning l.*
     ),
     counted as (
       select (at at time zone 'UTC')::date as day, operation, provider, model, source, api_key_id,
              input_tokens, output_tokens, 1 as calls, estimated::int as estimated_calls, 0 as unknown_calls
         from moved
       union all
       select (started_at at time zone 'UTC')::date, operation, provider, model, source, api_key_id, 0, 0, 0, 0, 1
         from old where outcome = 'unknown'
     ),
     added as (
       insert into usage_daily_sums as s (tenant_id, day, operation, provider, model, source, api_key_id,
                                          input_tokens, output_tokens, calls, estimated_calls, unknown_calls)
       select :tenantId::uuid, day, operation, provider, model, source, api_key_id, sum(input_tokens),
              sum(output_tokens), sum(calls), sum(estimated_calls), sum(unknown_calls)
         from counted group by day, operation, provider, model, source, api_key_id
       on conflict (tenant_id, day, operation, provider, model, source, api_key_id) do update
         set input_tokens = s.input_tokens + excluded.input_tokens,
             output_tokens = s.output_tokens + excluded.output_tokens,
             calls = s.calls + excluded.calls,
             estimated_calls = s.estimated_calls + excluded.estimated_calls,
             unknown_calls = s.unknown_calls + excluded.unknown_calls
     )
     delete from provider_calls c using old where c.tenant_id = old.tenant_id and c.id = old.id`,
    { tenantId, keptMs, maxRows },
  );
  return rowCount;
}
