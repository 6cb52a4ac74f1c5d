import type { Transaction } from '../platform/postgres/database.ts';
import { budgetSql } from './budget-read-model.ts';

/**
 * Whether a call that was refused would find room once the calls under way have been settled for nothing: then the budget
 * is only held back, and the call can wait.
 */
export async function isOnlyReserved(tx: Transaction, tenantId: string, tokens: number): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select 1 from monthly_usage
      where tenant_id = :tenantId and month = date_trunc('month', clock_timestamp() at time zone 'UTC')::date
        and reserved_tokens > 0 and settled_tokens + :tokens::bigint <= ${budgetSql}`,
    { tenantId, tokens },
  );
  return rows.length > 0;
}

/**
 * Whether the month has used up this budget to the last token, and the tenant was told so: then no call can be let through. A
 * budget that merely cannot hold the last call that asked is not spent, as a smaller one may still find room.
 */
export async function isBudgetSpent(tx: Transaction, tenantId: string, budget: number): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select 1 from monthly_usage
      where tenant_id = :tenantId and month = date_trunc('month', clock_timestamp() at time zone 'UTC')::date
        and exhausted_at is not null and settled_tokens >= :budget::bigint`,
    { tenantId, budget },
  );
  return rows.length > 0;
}

/** Forgets that the month's budget is used up: it is another one now. */
export async function clearExhausted(tx: Transaction, tenantId: string): Promise<void> {
  await tx('monthly_usage')
    .where({ tenant_id: tenantId })
    .whereNotNull('exhausted_at')
    .update({ exhausted_at: null });
}

/** Notes that the month's budget is used up; true for the first time in the month, or since it was changed. */
export async function markExhausted(tx: Transaction, tenantId: string): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `insert into monthly_usage as u (tenant_id, month, exhausted_at)
     values (:tenantId, date_trunc('month', clock_timestamp() at time zone 'UTC')::date, clock_timestamp())
     on conflict (tenant_id, month) do update set exhausted_at = excluded.exhausted_at where u.exhausted_at is null
     returning 1`,
    { tenantId },
  );
  return rows.length > 0;
}
