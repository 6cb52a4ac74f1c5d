import { z } from 'zod';
import type { Transaction } from '../platform/postgres/database.ts';

export const usageGroupings = ['day', 'operation', 'model', 'source'] as const;
export type UsageGrouping = (typeof usageGroupings)[number];

export interface UsageQuery {
  /** First day, inclusive, UTC, as YYYY-MM-DD. */
  readonly from: string;
  /** Last day, inclusive. */
  readonly to: string;
  readonly groupBy: readonly UsageGrouping[];
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
export type UsageRow = z.output<typeof usageRowSchema>;

/** Calls of the period whose outcome nobody knows. */
export async function countUnknown(tx: Transaction, tenantId: string, query: UsageQuery): Promise<number> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select count(*) as calls from provider_calls
      where tenant_id = :tenantId and outcome = 'unknown'
        and started_at >= (:from::date)::timestamp at time zone 'UTC'
        and started_at < (:to::date + 1)::timestamp at time zone 'UTC'`,
    { tenantId, from: query.from, to: query.to },
  );
  const [row] = z.tuple([z.object({ calls: z.coerce.number() })]).parse(rows);
  return row.calls;
}

/**
 * Copies every answered call of a subject, or the one call, from the records to the ledger. The primary key on the call
 * makes it unique however often this runs. A list of ids from the workflow lost: an attempt that dies after its call was
 * stored can hand no id on, while the records are there for whoever comes next.
 */
export async function copyToLedger(
  tx: Transaction,
  tenantId: string,
  which: { readonly subjectId: string } | { readonly callId: string },
): Promise<number> {
  const [column, value] = 'callId' in which ? ['id', which.callId] : ['subject_id', which.subjectId];
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `insert into usage_ledger
       (tenant_id, call_id, at, operation, provider, model, source, input_tokens, output_tokens)
     select c.tenant_id, c.id, c.finished_at, c.operation, c.provider, c.model, c.source, c.input_tokens, c.output_tokens
       from provider_calls c
      where c.tenant_id = :tenantId and c.:column: = :value and c.outcome = 'ok'
        and not exists (select 1 from usage_ledger l where l.tenant_id = c.tenant_id and l.call_id = c.id)
     on conflict do nothing`,
    { tenantId, column, value },
  );
  return rowCount;
}

/** Enters, for any tenant, answered calls of the last day that nobody has entered. For the scope of reconciliation. */
export async function copyForgottenToLedger(tx: Transaction, olderThanMs: number): Promise<number> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(
    `insert into usage_ledger
       (tenant_id, call_id, at, operation, provider, model, source, input_tokens, output_tokens)
     select c.tenant_id, c.id, c.finished_at, c.operation, c.provider, c.model, c.source, c.input_tokens, c.output_tokens
       from provider_calls c
      where c.outcome = 'ok' and c.finished_at > now() - interval '1 day'
        and c.finished_at < now() - :olderThanMs * interval '1 millisecond'
        and not exists (select 1 from usage_ledger l where l.tenant_id = c.tenant_id and l.call_id = c.id)
     on conflict do nothing`,
    { olderThanMs },
  );
  return rowCount;
}

/** The tenant's ledger, summed by the groupings asked for; the columns that are summed over are null. */
export async function sumLedger(tx: Transaction, tenantId: string, query: UsageQuery): Promise<UsageRow[]> {
  const day = `to_char(at at time zone 'UTC', 'YYYY-MM-DD')`;
  const column = (name: UsageGrouping, expression: string) =>
    query.groupBy.includes(name) ? expression : 'null::text';
  // A model says its provider, so the two are grouped together.
  const columns = [
    `${column('day', day)} as day`,
    `${column('operation', 'operation')} as operation`,
    `${column('model', 'provider')} as provider`,
    `${column('model', 'model')} as model`,
    `${column('source', 'source')} as source`,
  ];
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `select ${columns.join(', ')},
            sum(input_tokens) as input_tokens, sum(output_tokens) as output_tokens, count(*) as calls
       from usage_ledger
      where tenant_id = :tenantId
        and at >= (:from::date)::timestamp at time zone 'UTC'
        and at < (:to::date + 1)::timestamp at time zone 'UTC'
      group by 1, 2, 3, 4, 5
      order by 1, 2, 3, 4, 5`,
    { tenantId, from: query.from, to: query.to },
  );
  return z.array(usageRowSchema).parse(rows);
}
