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

/**
 * One probe of an index for each tenant. Answers of the superadmin have rows, too, under the nil uuid, and no tenant.
 */
function findDue({ table, since, where = 'true' }: ExpiringRows): RetentionRule['findDue'] {
  return async (tx, keptMs, maxTenants): Promise<Due> => {
    const { rows } = await tx.raw<{ rows: unknown[] }>(
      `select t.id as tenant_id,
              max(extract(epoch from ${endSql} - oldest.since)) over () as overdue_seconds
         from (select id from tenants union all select '00000000-0000-0000-0000-000000000000') t
        cross join lateral (
          select r.${since} as since from ${table} r
           where r.tenant_id = t.id and (${where}) order by r.${since} limit 1
        ) oldest
        where oldest.since < ${endSql}
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
