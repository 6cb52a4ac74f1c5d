import { z } from 'zod';
import type { Due, RetentionRule } from './retention-rule.ts';

/** The rows of a table that end by themselves. */
export interface ExpiringRows {
  readonly table: string;
  readonly keptMs: number;
  /** The column, a time or a day, from which the end is counted. An index begins with the tenant and this column. */
  readonly since: string;
  /** A condition on the row `r`, as SQL. A row that does not meet it does not end. */
  readonly where?: string;
}

/** The SQL for the point in time, for a statement that binds `:keptMs`. */
export const endSql = "(now() - :keptMs * interval '1 millisecond')";

/** The rule for rows that are just deleted. `deleteBatch` replaces that where more than the row has to be done. */
export function retentionOf(
  rows: ExpiringRows,
  deleteBatch: RetentionRule['deleteBatch'] = deleteExpired(rows),
): RetentionRule {
  return { table: rows.table, keptMs: rows.keptMs, findDue: findDue(rows), deleteBatch };
}

const dueSchema = z.array(z.object({ tenant_id: z.string(), overdue_seconds: z.coerce.number() }));

/** One probe of an index for each tenant that has rows, among them the superadmin's, which are stored under the nil uuid. */
function findDue({ table, since, where = 'true' }: ExpiringRows): RetentionRule['findDue'] {
  const oldestOf = (tenants: string) =>
    `select r.tenant_id, r.${since} as since from ${table} r
      where ${tenants} and (${where}) order by r.tenant_id, r.${since} limit 1`;
  return async (tx, keptMs, maxTenants): Promise<Due> => {
    const { rows } = await tx.raw<{ rows: unknown[] }>(
      `with recursive oldest as (
         (${oldestOf('true')})
         union all
         select next.* from oldest, lateral (${oldestOf('r.tenant_id > oldest.tenant_id')}) next
       )
       select tenant_id, max(extract(epoch from ${endSql} - since)) over () as overdue_seconds
         from oldest where since < ${endSql}
        order by random() limit :maxTenants`,
      { keptMs, maxTenants },
    );
    const due = dueSchema.parse(rows);
    return {
      tenantIds: due.map(({ tenant_id }) => tenant_id),
      overdueSeconds: due[0]?.overdue_seconds ?? 0,
    };
  };
}

/** Rows that another transaction has locked wait for the next batch. */
function deleteExpired({ table, since, where = 'true' }: ExpiringRows): RetentionRule['deleteBatch'] {
  return async (tx, tenantId, { keptMs, maxRows }) => {
    const { rowCount } = await tx.raw<{ rowCount: number }>(
      `delete from ${table} where tenant_id = :tenantId and ctid = any(array(
         select r.ctid from ${table} r
          where r.tenant_id = :tenantId and r.${since} < ${endSql} and (${where})
          order by r.${since} limit :maxRows for update skip locked))`,
      { tenantId, keptMs, maxRows },
    );
    return rowCount;
  };
}
