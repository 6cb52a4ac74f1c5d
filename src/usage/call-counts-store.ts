import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

const countsSchema = z
  .object({ missing_from_ledger: z.number(), open: z.number(), unknown: z.number() })
  .transform(({ missing_from_ledger: missingFromLedger, ...counts }) => ({ missingFromLedger, ...counts }));

/** Call records of all tenants that did not end as they should. */
export interface CallCounts {
  /** Due in the ledger, and not there after five minutes. */
  readonly missingFromLedger: number;
  /** Begun more than five minutes ago and not ended. */
  readonly open: number;
  /** Begun in the last day and closed with the outcome `unknown`. */
  readonly unknown: number;
}

/**
 * Counts these call records, for the metrics scope. The statement uses `now()`, because no index can be searched with
 * the volatile `clock_timestamp()`.
 */
export async function countCalls(tx: Transaction): Promise<CallCounts> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select
       (select count(*)::int from provider_calls
         where ledger_due and finished_at < now() - interval '5 minutes'
       ) as missing_from_ledger,
       (select count(*)::int from provider_calls
         where finished_at is null and started_at < now() - interval '5 minutes') as open,
       (select count(*)::int from provider_calls
         where outcome = 'unknown' and started_at > now() - interval '1 day') as unknown`,
  );
  return z.tuple([countsSchema]).parse(rows)[0];
}
