import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import { budgetSql, keyBudgetSql } from './budget-read-model.ts';

/** The month and the day (UTC) whose budgets count now, as SQL expressions. */
export const monthSql = `date_trunc('month', clock_timestamp() at time zone 'UTC')::date`;
export const daySql = `(clock_timestamp() at time zone 'UTC')::date`;

/** What a call asks of the budgets. */
export interface Demand {
  readonly tokens: number;
  /** The API key that is charged beside the tenant. */
  readonly apiKeyId: string | null;
}

const roomSchema = z.object({ month: z.boolean(), day: z.boolean() });
/** Whether each budget would hold a call if the calls under way cost nothing. */
export type Room = z.output<typeof roomSchema>;

/**
 * Reads whether the budgets would hold a refused call if the calls under way cost nothing. If both would, the rest is
 * only reserved, and the call can wait.
 */
export async function readRoom(tx: Transaction, tenantId: string, demand: Demand): Promise<Room> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select coalesce(coalesce((select settled_tokens from monthly_usage where tenant_id = :tenantId and month = ${monthSql}), 0)
              + :tokens::bigint <= ${budgetSql}, true) as month,
            coalesce(coalesce((select settled_tokens from daily_key_usage
                                where tenant_id = :tenantId and api_key_id = :apiKeyId::uuid and day = ${daySql}), 0)
              + :tokens::bigint <= ${keyBudgetSql}, true) as day`,
    { tenantId, ...demand },
  );
  return z.tuple([roomSchema]).parse(rows)[0];
}

/**
 * Whether the month has used up this budget to the last token and was marked as exhausted. Then no call can be
 * admitted. A budget that was only too small for the last call is not spent, because a smaller call may still fit.
 */
export async function isBudgetSpent(tx: Transaction, tenantId: string, budget: number): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select 1 from monthly_usage
      where tenant_id = :tenantId and month = ${monthSql}
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
     values (:tenantId, ${monthSql}, clock_timestamp())
     on conflict (tenant_id, month) do update set exhausted_at = excluded.exhausted_at where u.exhausted_at is null
     returning 1`,
    { tenantId },
  );
  return rows.length > 0;
}

/** Marks the day's budget of an API key as exhausted; true the first time on that day. */
export async function markKeyExhausted(
  tx: Transaction,
  tenantId: string,
  apiKeyId: string,
): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `insert into daily_key_usage as d (tenant_id, api_key_id, day, exhausted_at)
     values (:tenantId, :apiKeyId, ${daySql}, clock_timestamp())
     on conflict (tenant_id, api_key_id, day) do update set exhausted_at = excluded.exhausted_at
       where d.exhausted_at is null
     returning 1`,
    { tenantId, apiKeyId },
  );
  return rows.length > 0;
}

/** Clears the mark of the key's exhausted day, because its budget has changed. */
export async function clearKeyExhausted(tx: Transaction, tenantId: string, apiKeyId: string): Promise<void> {
  await tx('daily_key_usage')
    .where({ tenant_id: tenantId, api_key_id: apiKeyId })
    .whereNotNull('exhausted_at')
    .update({ exhausted_at: null });
}

/** Gives back what the day of an API key has reserved for a call that the month then refused. */
export async function releaseKey(
  tx: Transaction,
  tenantId: string,
  reserved: { readonly apiKeyId: string; readonly day: string; readonly tokens: number },
): Promise<void> {
  await tx.raw(
    `update daily_key_usage set reserved_tokens = reserved_tokens - :tokens::bigint
      where tenant_id = :tenantId and api_key_id = :apiKeyId and day = :day::date`,
    { tenantId, ...reserved },
  );
}
