import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';
import { countedCallsSql, unknownCallsSql } from './counted-calls-store.ts';

export const usageGroupings = ['day', 'operation', 'model', 'source'] as const;
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
  input_tokens: z.coerce.number(),
  output_tokens: z.coerce.number(),
  calls: z.coerce.number(),
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

/** The statement that copies the call records `c` that meet a condition, unless they are in the ledger already. */
const copyCallsSql = (condition: string) =>
  `insert into usage_ledger
     (tenant_id, call_id, at, operation, provider, model, source, input_tokens, output_tokens)
   select c.tenant_id, c.id, c.finished_at, c.operation, c.provider, c.model, c.source, c.input_tokens, c.output_tokens
     from provider_calls c
    where ${condition}
      and not exists (select 1 from usage_ledger l where l.tenant_id = c.tenant_id and l.call_id = c.id)
   on conflict do nothing`;

/**
 * Copies every answered call of a subject, or one call, from the call records to the ledger; returns how many were
 * missing there. The primary key on the call makes repetition safe. Alternative that lost: a list of call ids from the
 * workflow, because an attempt that dies after its call was stored cannot pass on an id, while the call record stays
 * for the next attempt.
 */
export async function copyToLedger(
  tx: Transaction,
  tenantId: string,
  which: { readonly subjectId: string } | { readonly callId: string },
): Promise<number> {
  const [column, value] = 'callId' in which ? ['id', which.callId] : ['subject_id', which.subjectId];
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    copyCallsSql("c.tenant_id = :tenantId and c.:column: = :value and c.outcome = 'ok'"),
    { tenantId, column, value },
  );
  return rowCount;
}

/**
 * Copies to the ledger, for all tenants, answered calls of the last day that are still missing after `olderThanMs`;
 * returns how many. For the scope of reconciliation.
 */
export async function copyMissingToLedger(tx: Transaction, olderThanMs: number): Promise<number> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    copyCallsSql(`c.outcome = 'ok' and c.finished_at > now() - interval '1 day'
        and c.finished_at < now() - :olderThanMs * interval '1 millisecond'`),
    { olderThanMs },
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
  ];
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select ${columns.join(', ')},
            sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens, sum(calls) as calls
       from ${countedCallsSql} counted
      group by 1, 2, 3, 4, 5
      order by 1, 2, 3, 4, 5
      limit :maxRows`,
    { tenantId, from: query.from, to: query.to, maxRows: query.maxRows ?? null },
  );
  return z.array(usageRowSchema).parse(rows);
}
