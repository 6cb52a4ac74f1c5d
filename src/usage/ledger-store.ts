import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import { countedCallsSql, unknownCallsSql } from './counted-calls-store.ts';

export const usageGroupings = ['day', 'operation', 'model', 'source', 'api_key'] as const;
export type UsageGrouping = (typeof usageGroupings)[number];

/** A period of the ledger, and how to group it. */
export interface UsageQuery {
  /** First day, inclusive, UTC, as YYYY-MM-DD. */
  readonly from: string;
  /** Last day, inclusive, UTC, as YYYY-MM-DD. */
  readonly to: string;
  readonly groupBy: readonly UsageGrouping[];
  /** The first rows only; all of them when it is left out. */
  readonly maxRows?: number;
}

const usageRowSchema = z.object({
  day: z.string().nullable(),
  operation: z.string().nullable(),
  provider: z.string().nullable(),
  model: z.string().nullable(),
  source: z.string().nullable(),
  api_key_id: z.string().nullable(),
  input_tokens: z.coerce.number(),
  output_tokens: z.coerce.number(),
  calls: z.coerce.number(),
  estimated_calls: z.coerce.number(),
});
/** A sum over the ledger; fields that are not grouped by are null. */
export type UsageRow = z.output<typeof usageRowSchema>;

/** Counts the calls of the period with an unknown outcome. */
export async function countUnknown(tx: Transaction, tenantId: string, query: UsageQuery): Promise<number> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(`select ${unknownCallsSql} as calls`, {
    tenantId,
    from: query.from,
    to: query.to,
  });
  const [row] = z.tuple([z.object({ calls: z.coerce.number() })]).parse(rows);
  return row.calls;
}

/** The columns of an entry, and their values in the call record, as SQL. */
export const ledgerColumns =
  'tenant_id, call_id, at, operation, provider, model, source, api_key_id, input_tokens, output_tokens, estimated';
export const ledgerValues =
  'tenant_id, id, finished_at, operation, provider, model, source, api_key_id, input_tokens, output_tokens, estimated';

/**
 * The statement that copies the calls that are due in the ledger and meet a condition. It clears their mark by the same
 * statement, so that of many at once each call is copied by one.
 */
const copyDueSql = (condition: string) =>
  `with due as (
     update provider_calls set ledger_due = false where ledger_due and ${condition}
     returning *
   )
   insert into usage_ledger (${ledgerColumns})
   select ${ledgerValues}
     from due
   on conflict do nothing`;

/**
 * Copies every call of a subject that is due, or one call, from the call records to the ledger; returns how many were
 * missing there. Due is a call that was answered, and a failed one that cost something. Alternative that lost: a list
 * of call ids from the workflow, because an attempt that dies after its call was stored cannot pass on an id, while the
 * call record stays for the next attempt.
 */
export async function copyToLedger(
  tx: Transaction,
  tenantId: string,
  which: { readonly subjectId: string } | { readonly callId: string },
): Promise<number> {
  const [column, value] = 'callId' in which ? ['id', which.callId] : ['subject_id', which.subjectId];
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    copyDueSql('tenant_id = :tenantId and :column: = :value'),
    { tenantId, column, value },
  );
  return rowCount;
}

/** The most calls of a tenant that one pass of the reconciliation copies. The next pass copies the rest. */
const copiedAtOnce = 1_000;

/**
 * Copies to the ledger the tenant's calls of any age that are still due after `olderThanMs`, the oldest first, and those
 * that a crash left without an outcome: no step will enter them. Returns how many.
 */
export async function copyMissingToLedger(
  tx: Transaction,
  tenantId: string,
  olderThanMs: number,
): Promise<number> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    copyDueSql(`(tenant_id, id) in (
       select tenant_id, id from provider_calls
        where tenant_id = :tenantId and ledger_due
          and (finished_at < now() - :olderThanMs * interval '1 millisecond' or outcome = 'unknown')
        order by finished_at limit :copiedAtOnce for update skip locked)`),
    { tenantId, olderThanMs, copiedAtOnce },
  );
  return rowCount;
}

/** Sums the tenant's ledger, the calls that have ended included, by the given groupings; fields that are not grouped by are null. */
export async function sumLedger(tx: Transaction, tenantId: string, query: UsageQuery): Promise<UsageRow[]> {
  const day = `to_char(day, 'YYYY-MM-DD')`;
  const column = (name: UsageGrouping, expression: string) =>
    query.groupBy.includes(name) ? expression : 'null::text';
  // A model implies its provider, so the two are grouped together.
  const columns = [
    `${column('day', day)} as day`,
    `${column('operation', 'operation')} as operation`,
    `${column('model', 'provider')} as provider`,
    `${column('model', 'model')} as model`,
    `${column('source', 'source')} as source`,
    `${column('api_key', 'api_key_id::text')} as api_key_id`,
  ];
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select ${columns.join(', ')},
            sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens, sum(calls) as calls,
            sum(estimated_calls) as estimated_calls
       from ${countedCallsSql} counted
      group by 1, 2, 3, 4, 5, 6
      order by 1, 2, 3, 4, 5, 6
      limit :maxRows`,
    { tenantId, from: query.from, to: query.to, maxRows: query.maxRows ?? null },
  );
  return z.array(usageRowSchema).parse(rows);
}
