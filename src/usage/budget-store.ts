import type { Transaction } from '../platform/postgres/database.ts';
import { budgetSql } from './budget-read-model.ts';

/**
 * Whether a refused call would fit if the calls under way cost nothing. If so, the rest of the budget is only reserved,
 * and the call can wait.
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
 * Whether the month has used up this budget to the last token and was marked as exhausted. Then no call can be
 * admitted. A budget that was only too small for the last call is not spent, because a smaller call may still fit.
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

/** Clears the mark of an exhausted budget, because the budget has changed. */
export async function clearExhausted(tx: Transaction, tenantId: string): Promise<void> {
  await tx('monthly_usage')
    .where({ tenant_id: tenantId })
    .whereNotNull('exhausted_at')
    .update({ exhausted_at: null });
}

/** Marks the month's budget as exhausted; true the first time in the month, or since the mark was cleared. */
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
