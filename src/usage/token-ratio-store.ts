import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

/** The greatest share of its bound that a call of the model has cost the tenant; undefined before its first call. */
export async function findWorstRatio(
  tx: Transaction,
  tenantId: string,
  model: string,
): Promise<number | undefined> {
  const row: unknown = await tx('token_ratios').where({ tenant_id: tenantId, model }).first('worst_ratio');
  return row === undefined ? undefined : z.object({ worst_ratio: z.number() }).parse(row).worst_ratio;
}

/**
 * A common table expression that writes `:ratio` where it is worse than what the model of `before` has shown. It writes
 * seldom, and after the rows of the budgets: the statement that holds it returns something of those.
 */
export const worstRatioSql = `
  insert into token_ratios as r (tenant_id, model, worst_ratio)
  select :tenantId::uuid, before.model, :ratio::double precision
    from before
   where :ratio::double precision > coalesce(
     (select worst_ratio from token_ratios where tenant_id = :tenantId and model = before.model), 0)
  on conflict (tenant_id, model) do update set worst_ratio = greatest(r.worst_ratio, excluded.worst_ratio)`;
