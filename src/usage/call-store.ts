import { z } from 'zod';
import type { Caller, CallSource, Channel, Provider } from '../domain/operations.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { namedStatement } from '../platform/postgres/named-statement.ts';
import { budgetSql, keyBudgetSql } from './budget-read-model.ts';
import { daySql, monthSql, releaseKey } from './budget-store.ts';
import { breakerEpochsSql, calmSql, limitsEpochSql } from './calm-read-model.ts';

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
  /** The API key that is charged beside the tenant, if one is. */
  readonly apiKeyId?: string | null;
  /** The most tokens that the call can cost, and those of them that its answer can cost. */
  readonly maxTokens: number;
  readonly maxOutputTokens: number;
  /** What the call will cost by experience. Computed only for a budget that cannot hold the most. */
  readonly likelyTokens: () => number;
  /** The caller asks for less where this is refused, so that its refusal does not say that the budget is exhausted. */
  readonly divisible?: boolean;
}

/** A reservation for a call. */
export interface Reservation {
  readonly tokens: number;
  /** Only while no other call of the budget is under way. */
  readonly alone: boolean;
}

/** What has to be as it was seen, or the call does not begin. */
export interface CalmSeen {
  /** The revision of the key and the settings. */
  readonly revision: string;
  readonly channel: Channel;
  /** The rows of the breaker that refuse the caller. */
  readonly heeded: readonly Caller[];
}

/** The epochs that a call holds which has begun by `insertCallWhileCalm`. */
export interface CalmEpochs {
  readonly breaker: Readonly<Record<Caller, string>>;
  readonly limits: number;
}

const insertedSchema = z.object({
  begun: z.boolean(),
  reserved_day: z.string().nullable(),
  // Without a row the breaker is closed, and a new row starts with epoch 0.
  breaker_epochs: z.object({ background: z.string().default('0'), interactive: z.string().default('0') }),
  limits_epoch: z.number(),
});

const insertStatement = namedStatement(
  `with budget as materialized (
     select ${budgetSql} as month_tokens, ${keyBudgetSql} as day_tokens, ${monthSql} as month, ${daySql} as day
      where :revision::text is null or (${calmSql})
   ),
   day_reservation as (
     insert into daily_key_usage as d (tenant_id, api_key_id, day, reserved_tokens)
     select :tenantId::uuid, :apiKeyId::uuid, day, :tokens::bigint from budget
      where :apiKeyId::uuid is not null and (day_tokens is null or :tokens::bigint <= day_tokens)
     on conflict (tenant_id, api_key_id, day) do update
       set reserved_tokens = d.reserved_tokens + excluded.reserved_tokens
       where (select day_tokens is null or d.settled_tokens + d.reserved_tokens + excluded.reserved_tokens <= day_tokens
                from budget)
     returning day
   ),
   reservation as (
     insert into monthly_usage as u (tenant_id, month, reserved_tokens)
     select :tenantId::uuid, month, :tokens::bigint from budget
      where (month_tokens is null or :tokens::bigint <= month_tokens)
        and (:apiKeyId::uuid is null or exists (select 1 from day_reservation))
     on conflict (tenant_id, month) do update
       set reserved_tokens = u.reserved_tokens + excluded.reserved_tokens
       where (select month_tokens is null or u.settled_tokens + u.reserved_tokens + excluded.reserved_tokens <= month_tokens
                from budget)
         and (u.reserved_tokens = 0 or not :alone::boolean)
     returning month
   ),
   call as (
     insert into provider_calls (tenant_id, id, provider, operation, source, model, key_version, subject_id, inputs,
                                 month, reserved_tokens, reserved_output_tokens, api_key_id, day)
     select :tenantId::uuid, :id::uuid, :provider::text, :operation::text, :source::text, :model::text,
            :keyVersion::int, :subjectId::uuid, :inputs::int, month, :tokens::bigint, :maxOutputTokens::bigint,
            :apiKeyId::uuid, (select day from day_reservation)
       from reservation
     returning 1
   )
   select exists (select 1 from call) as begun, (select day::text from day_reservation) as reserved_day,
          ${breakerEpochsSql} as breaker_epochs, ${limitsEpochSql} as limits_epoch`,
);

const insert = async (
  tx: Transaction,
  tenantId: string,
  call: CallStart,
  { tokens, alone }: Reservation,
  seen: CalmSeen | undefined,
) => {
  const { apiKeyId = null, subjectId = null } = call;
  const rows = await insertStatement(tx, {
    ...{ tenantId, id: call.id, subjectId, apiKeyId, tokens, alone },
    ...{ provider: call.provider, operation: call.operation, source: call.source, model: call.model },
    ...{ keyVersion: call.keyVersion, inputs: call.inputs, maxOutputTokens: call.maxOutputTokens },
    ...{ revision: seen?.revision ?? null, channel: seen?.channel ?? null, heeded: seen?.heeded ?? [] },
  });
  return z.tuple([insertedSchema]).parse(rows)[0];
};

/**
 * Reserves the call's tokens on the day of its API key and in the tenant's month, and writes the call record. Returns
 * false, and does none of it, when one of the budgets cannot hold the tokens. It is one statement, so concurrent callers
 * wait for each other at the row of the key, then at that of the month, and each sees what the one before has reserved.
 * Alternative that lost: reading the sum first and writing afterwards, because two readers would both find room for the
 * last tokens.
 */
export async function insertCall(
  tx: Transaction,
  tenantId: string,
  call: CallStart,
  reservation: Reservation,
): Promise<boolean> {
  const { begun, reserved_day: day } = await insert(tx, tenantId, call, reservation, undefined);
  const { apiKeyId = null } = call;
  if (!begun && day !== null && apiKeyId !== null)
    await releaseKey(tx, tenantId, { apiKeyId, day, tokens: reservation.tokens });
  return begun;
}

/**
 * The same, only while the key, the breaker and the limits are as they were seen. Undefined when the call has not begun: then the
 * transaction is to be rolled back, where an API key and a monthly budget are both charged, because the day may be reserved.
 */
export async function insertCallWhileCalm(
  tx: Transaction,
  tenantId: string,
  call: CallStart,
  seen: CalmSeen,
): Promise<CalmEpochs | undefined> {
  const reservation = { tokens: call.maxTokens, alone: false };
  const { begun, ...epochs } = await insert(tx, tenantId, call, reservation, seen);
  return begun ? { breaker: epochs.breaker_epochs, limits: epochs.limits_epoch } : undefined;
}

/** Deletes the record of a call that was not made, and releases its reservation. */
export async function deleteCall(tx: Transaction, tenantId: string, callId: string): Promise<void> {
  await tx.raw(
    `with cancelled as (
       delete from provider_calls where tenant_id = :tenantId and id = :callId and outcome is null
       returning month, api_key_id, day, reserved_tokens
     ),
     day_released as (
       update daily_key_usage d set reserved_tokens = d.reserved_tokens - cancelled.reserved_tokens
         from cancelled
        where d.tenant_id = :tenantId and d.api_key_id = cancelled.api_key_id and d.day = cancelled.day
       returning 1
     )
     update monthly_usage u set reserved_tokens = u.reserved_tokens - cancelled.reserved_tokens
       from cancelled left join (select 1 from day_released) day on true
      where u.tenant_id = :tenantId and u.month = cancelled.month`,
    { tenantId, callId },
  );
}
