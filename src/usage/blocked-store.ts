import { z } from 'zod';
import type { BlockableOperation } from '../domain/operations.ts';
import type { Transaction } from '../platform/postgres/database.ts';

const rowSchema = z.object({ due: z.boolean(), reported: z.coerce.number() });

/**
 * Counts occurrences. Returns the number to report when `windowMs` have passed since the last report, or at the first
 * occurrence ever; undefined otherwise. The statement moves that number from one column to the other, so exactly one of
 * many concurrent callers gets it.
 */
export async function countBlocked(
  tx: Transaction,
  tenantId: string,
  blocked: {
    readonly operation: BlockableOperation;
    readonly occurrences: number;
    readonly windowMs: number;
  },
): Promise<number | undefined> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `insert into blocked_operations as b (tenant_id, operation, reported)
     values (:tenantId, :operation, :occurrences)
     on conflict (tenant_id, operation) do update set (reported, reported_at, unreported) = (
       select case when due then b.unreported + excluded.reported else b.reported end,
              case when due then excluded.reported_at else b.reported_at end,
              case when due then 0 else b.unreported + excluded.reported end
         from (select b.reported_at <= excluded.reported_at - :windowMs * interval '1 millisecond' as due) window_ends
     )
     returning unreported = 0 as due, reported`,
    { tenantId, ...blocked },
  );
  const [row] = z.tuple([rowSchema]).parse(rows);
  return row.due ? row.reported : undefined;
}
