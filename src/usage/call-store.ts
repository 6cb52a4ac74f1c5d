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
  /** The article (or other thing) that the call is made for. */
  readonly subjectId?: string;
  /** Texts in the request. */
  readonly inputs: number;
  /** The most tokens that it may cost, held back from the month's budget until it is known. */
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
 * Reserves the call's tokens in the tenant's month and writes its record, or does neither when the budget does not hold
 * them. One statement, so that the row's lock puts parallel callers in line and each sees what the one before has
 * reserved; reading the sum first and writing after lost, since two readers would both find room for the last tokens.
 * False when the budget is used up.
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

/** What a month's settled tokens went from and to, and the budget that they are measured against. */
export interface Settled {
  readonly before: number;
  readonly after: number;
  readonly budget: number | null;
}

/**
 * Finishes the call record and settles its reservation with what it has cost. A record that is finished keeps its first
 * outcome, but for one that was given up as `unknown`: a late answer is the truth. Answers undefined for one that kept.
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

/** Takes back the record of a call that was not made, with its reservation. */
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

export interface LastFailure {
  readonly code: string;
  readonly at: Date;
}

/** How the tenant's last failed call with the key of this version ended; undefined where none has failed. */
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
