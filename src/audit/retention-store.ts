import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import { endSql } from '../platform/retention/expired-rows-store.ts';
import type { Batch } from '../platform/retention/retention-rule.ts';

/**
 * Deletes audit rows past their end, the oldest first; returns how many. The log is append-only, and the application's login
 * may not delete there. The function of the schema that does it leaves the rows of the last 30 days.
 */
export async function deleteOldAudit(
  tx: Transaction,
  _tenantId: string,
  { keptMs, maxRows }: Batch,
): Promise<number> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    // The function takes the tenant from the transaction.
    `select end_audit_rows(${endSql}, :maxRows::int) as ended`,
    { keptMs, maxRows },
  );
  return z.tuple([z.object({ ended: z.number() })]).parse(rows)[0].ended;
}
