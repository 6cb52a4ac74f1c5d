import { z } from 'zod';
import type { CallSource, Provider } from '../domain/operations.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { budgetSql } from './budget-read-model.ts';

/** A provider call as it is known before it is made. */
export interface CallStart {
  readonly id: string;
  readonly provider: Provider;
  readonly operation: string;
  readonly source: CallSource;
  readonly model: string;
  readonly keyVersion: number;
  /** The article, or other subject, of the call. */
  readonly subjectId?: string;
  /** Texts in the request. */
  readonly inputs: number;
  /** The most tokens that the call may cost. They are reserved in the month's budget until the cost is known. */
  readonly reservedTokens: number;
}

/** How a provider call ended: `ok` or a code of the failure table, and the tokens that the provider counted. */
export interface CallEnd {
  readonly id: string;
  readonly outcome: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * Reserves the call's tokens in the tenant's month and writes the call record. Returns false, and does neither, when
 * the budget cannot hold the tokens. It is one statement, so concurrent callers wait for each other at the month's row
 * and each sees what the one before has reserved. Alternative that lost: reading the sum first and writing afterwards,
 * because two readers would both find room for the last tokens.
 */
export async function insertCall(tx: Transaction, tenantId: string, call: CallStart): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with budget as materialized (
       select ${budgetSql} as tokens,
              date_trunc('month', clock_timestamp() at time zone 'UTC')::date as month
     ),
     reservation as (
       insert into monthly_usage as u (tenant_id, month, reserved_tokens)
       select :tenantId::uuid, month, :reservedTokens::bigint from budget
        where tokens is null or :reservedTokens::bigint <= tokens
       on conflict (tenant_id, month) do update
         set reserved_tokens = u.reserved_tokens + excluded.reserved_tokens
         where (select tokens is null or u.settled_tokens + u.reserved_tokens + excluded.reserved_tokens <= tokens
                  from budget)
       returning month
     )
     insert into provider_calls (tenant_id, id, provider, operation, source, model, key_version, subject_id, inputs,
                                 month, reserved_tokens)
     select :tenantId::uuid, :id::uuid, :provider::text, :operation::text, :source::text, :model::text,
            :keyVersion::int, :subjectId::uuid, :inputs::int, month, :reservedTokens::bigint
       from reservation
     returning 1`,
    { tenantId, ...call, subjectId: call.subjectId ?? null },
  );
  return rows.length === 1;
}

const settledSchema = z.object({
  settled_before: z.coerce.number(),
  settled_after: z.coerce.number(),
  budget: z.union([z.null(), z.coerce.number()]),
});

/** A month's settled tokens before and after a settlement, and its budget. */
export interface Settled {
  readonly before: number;
  readonly after: number;
  readonly budget: number | null;
}

/**
 * Finishes the call record and settles its reservation with the actual cost. A finished record keeps its first outcome,
 * and the result is then undefined. Only the outcome `unknown` is replaced, because a late answer is the truth.
 */
export async function finishCall(
  tx: Transaction,
  tenantId: string,
  call: CallEnd,
): Promise<Settled | undefined> {
  const { rows } = await tx.raw<{ rows: unknown[] }>(
    `with before as (
       select id, month, reserved_tokens, outcome from provider_calls
        where tenant_id = :tenantId and id = :id and (outcome is null or outcome = 'unknown')
          for update
     ),
     finished as (
       update provider_calls c
          set finished_at = clock_timestamp(), outcome = :outcome,
              input_tokens = :inputTokens, output_tokens = :outputTokens
         from before where c.tenant_id = :tenantId and c.id = before.id
     )
     update monthly_usage u
        -- An unknown call has been counted as if it had cost all that it had reserved.
        set reserved_tokens = u.reserved_tokens - case when before.outcome is null then before.reserved_tokens else 0 end,
            settled_tokens = u.settled_tokens + :tokens::bigint
              - case when before.outcome is null then 0 else before.reserved_tokens end
       from before
      where u.tenant_id = :tenantId and u.month = before.month
     returning u.settled_tokens as settled_after,
       u.settled_tokens - :tokens::bigint + case when before.outcome is null then 0 else before.reserved_tokens end
         as settled_before,
       ${budgetSql} as budget`,
    { tenantId, ...call, tokens: call.inputTokens + call.outputTokens },
  );
  if (rows[0] === undefined) return undefined;
  const { settled_before: before, settled_after: after, budget } = settledSchema.parse(rows[0]);
  return { before, after, budget };
}

/** Deletes the record of a call that was not made, and releases its reservation. */
export async function deleteCall(tx: Transaction, tenantId: string, callId: string): Promise<void> {
  await tx.raw(
    `with cancelled as (
       delete from provider_calls where tenant_id = :tenantId and id = :callId and outcome is null
       returning month, reserved_tokens
     )
     update monthly_usage u set reserved_tokens = u.reserved_tokens - cancelled.reserved_tokens
       from cancelled where u.tenant_id = :tenantId and u.month = cancelled.month`,
    { tenantId, callId },
  );
}

/** A failed call: its code of the failure table, and when it ended. */
export interface LastFailure {
  readonly code: string;
  readonly at: Date;
}

/** Finds the tenant's last failed call with this version of a key; undefined when none has failed. */
export async function findLastFailure(
  tx: Transaction,
  tenantId: string,
  key: { readonly provider: Provider; readonly keyVersion: number },
): Promise<LastFailure | undefined> {
  const row: unknown = await tx('provider_calls')
    .where({ tenant_id: tenantId, provider: key.provider, key_version: key.keyVersion })
    .whereNotNull('finished_at')
    .whereNotIn('outcome', ['ok', 'unknown'])
    .orderBy('finished_at', 'desc')
    .first('outcome', 'finished_at');
  if (row === undefined) return undefined;
  const { outcome, finished_at } = z.object({ outcome: z.string(), finished_at: z.date() }).parse(row);
  return { code: outcome, at: finished_at };
}
