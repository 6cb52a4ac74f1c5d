import { z } from 'zod';
import type { Cost } from '../domain/cost.ts';
import type { Transaction } from '../platform/postgres/database.ts';
import { namedStatement } from '../platform/postgres/named-statement.ts';
import { budgetSql } from './budget-read-model.ts';
import { ledgerColumns, ledgerValues } from './ledger-store.ts';
import { worstRatioSql } from './token-ratio-store.ts';

/** How a provider call ended: `ok` or a code of the failure table, and what it has cost. */
export interface CallEnd {
  readonly id: string;
  readonly outcome: string;
  readonly cost: Cost;
  /** The most that it could cost. */
  readonly maxTokens: number;
  /** Its ledger row is written with its end. By default a later step writes it. */
  readonly entered?: boolean;
}

const settledSchema = z.object({
  settled_before: z.coerce.number(),
  settled_after: z.coerce.number(),
  budget: z.union([z.null(), z.coerce.number()]),
  late: z.boolean(),
});

/** A month's settled tokens before and after a settlement, and its budget. */
export interface Settled {
  readonly before: number;
  readonly after: number;
  readonly budget: number | null;
  /** Whether the call had been given up as `unknown`. Its ledger row is then due, and not written. */
  readonly late: boolean;
}

// By a statement of its own: a statement sees only what was committed before it began, so one that waited for this row would
// not see the estimate that the reconciliation has just entered in the ledger.
const lock = namedStatement(
  'select 1 from provider_calls where tenant_id = :tenantId and id = :id for update',
);

const settle = namedStatement(
  `with before as materialized (
     select id, model, month, api_key_id, day, outcome,
            case when :estimated::boolean then reserved_tokens - reserved_output_tokens else :inputTokens::bigint end as input_tokens,
            case when :estimated::boolean then reserved_output_tokens else :outputTokens::bigint end as output_tokens,
            case when outcome is null then reserved_tokens else 0 end as released,
            -- An unknown call has been counted as if it had cost all that it had reserved.
            case when :estimated::boolean then reserved_tokens else :tokens::bigint end
              - case when outcome is null then 0 else reserved_tokens end as spent
       from provider_calls
      where tenant_id = :tenantId and id = :id and (outcome is null or outcome = 'unknown')
   ),
   finished as (
     update provider_calls c
        set finished_at = clock_timestamp(), outcome = :outcome::text, estimated = :estimated::boolean,
            input_tokens = before.input_tokens, output_tokens = before.output_tokens,
            ledger_due = (:outcome::text = 'ok' or before.input_tokens + before.output_tokens > 0)
              and (before.outcome is not null or not :entered::boolean)
       from before where c.tenant_id = :tenantId and c.id = before.id
     returning c.*, before.outcome is null and (c.outcome = 'ok' or c.input_tokens + c.output_tokens > 0) as counts
   ),
   entry as (
     insert into usage_ledger (${ledgerColumns})
     select ${ledgerValues} from finished where counts and :entered::boolean
   ),
   withdrawn as (
     delete from usage_ledger l using before
      where l.tenant_id = :tenantId and l.call_id = before.id and before.outcome = 'unknown'
   ),
   shown as (${worstRatioSql}),
   day_settled as (
     update daily_key_usage d
        set reserved_tokens = d.reserved_tokens - before.released, settled_tokens = d.settled_tokens + before.spent
       from before where d.tenant_id = :tenantId and d.api_key_id = before.api_key_id and d.day = before.day
     returning 1
   )
   update monthly_usage u
      set reserved_tokens = u.reserved_tokens - before.released, settled_tokens = u.settled_tokens + before.spent
     -- The join lets the day's row be locked before the month's, as at the beginning of every call.
     from before left join (select 1 from day_settled) day on true
    where u.tenant_id = :tenantId and u.month = before.month
   returning u.settled_tokens as settled_after, u.settled_tokens - before.spent as settled_before,
     ${budgetSql} as budget, before.outcome is not null as late`,
);

/**
 * Finishes the call record and settles its reservations with what the call has cost; with an unknown cost that is the
 * whole reservation. A finished record keeps its first outcome, and the result is then undefined. Only the outcome
 * `unknown` is replaced, with its ledger row, because a late answer is the truth.
 */
export async function finishCall(
  tx: Transaction,
  tenantId: string,
  { id, outcome, cost, maxTokens, entered = false }: CallEnd,
): Promise<Settled | undefined> {
  const told = cost.kind === 'told' ? cost : { inputTokens: 0, outputTokens: 0 };
  const toldTokens = told.inputTokens + told.outputTokens;
  const locked = lock(tx, { tenantId, id });
  const settled = settle(tx, {
    ...{ tenantId, id, outcome, entered, estimated: cost.kind === 'unknown', ...told, tokens: toldTokens },
    ratio: toldTokens > 0 ? Math.min(1, toldTokens / maxTokens) : null,
  });
  const [, [row]] = await Promise.all([locked, settled]);
  if (row === undefined) return undefined;
  const { settled_before: before, settled_after: after, budget, late } = settledSchema.parse(row);
  return { before, after, budget, late };
}
