import type { Audit } from '../audit/service.ts';
import type { Provider } from '../domain/operations.ts';
import { sumInTurn } from '../platform/async/sum-in-turn.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { closeAbandonedCalls, listTenantsToMend } from './abandoned-call-store.ts';
import { createBudgetEvents } from './budget-events.ts';
import {
  clearExhausted,
  clearKeyExhausted,
  isBudgetSpent,
  markExhausted,
  markKeyExhausted,
  readRoom,
} from './budget-store.ts';
import {
  type CallStart,
  type CalmEpochs,
  type CalmSeen,
  deleteCall,
  insertCall,
  insertCallWhileCalm,
} from './call-store.ts';
import { findLastFailure, isAnsweredOfLate, type LastFailure } from './last-calls-store.ts';
import {
  copyMissingToLedger,
  copyToLedger,
  countUnknown,
  sumLedger,
  type UsageQuery,
  type UsageRow,
} from './ledger-store.ts';
import type { UsageMetrics } from './metrics.ts';
import { type CallEnd, finishCall } from './settlement-store.ts';
import { findWorstRatio } from './token-ratio-store.ts';

export type { CallStart, CalmEpochs } from './call-store.ts';

/** The sums of a period. */
export interface UsageReport {
  readonly rows: readonly UsageRow[];
  /** Calls of the period that a crash left without an outcome. They may have been paid, and are in the rows as estimates. */
  readonly unknownCalls: number;
}

/** The records of provider calls, the month's budget and the ledger. */
export interface Usage {
  /**
   * Reserves a call's tokens in the month's budget and in that of its API key, and writes the call record. Commit it
   * before the call is made, because the record has to survive a crash. `budget_reserved`: there is no room only while
   * other calls are under way. `day_exhausted`: only the day of the API key has none.
   */
  begin(
    tx: Transaction,
    tenantId: string,
    call: CallStart,
  ): Promise<'begun' | 'budget_reserved' | 'day_exhausted' | 'month_exhausted'>;
  /**
   * The same by one statement, which decides alone whether the key, the breaker and the limits are as they were seen. Undefined when the
   * call has not begun: the transaction is to be rolled back, and `begin` finds out why.
   */
  beginWhileCalm(
    tx: Transaction,
    tenantId: string,
    call: CallStart,
    seen: CalmSeen,
  ): Promise<CalmEpochs | undefined>;
  /**
   * Finishes a call record, settles its reservations by its cost and, where the call asks for it, enters it in the ledger: in the
   * transaction that stores the result of the call.
   */
  finish(tx: Transaction, tenantId: string, call: CallEnd): Promise<void>;
  /** The same as the last statements of the transaction, with the commit right behind them. */
  finishAndCommit(tx: Transaction, tenantId: string, call: CallEnd): Promise<void>;
  /** Deletes the record of a call that was not made, and releases its reservations. */
  cancel(tx: Transaction, tenantId: string, callId: string): Promise<void>;
  /** Copies the calls of a subject that were answered or cost something to the ledger; returns how many were missing there. Safe to repeat. */
  recordSubject(tenantId: string, subjectId: string): Promise<number>;
  /** Sums the tenant's ledger. */
  report(tenantId: string, query: UsageQuery): Promise<UsageReport>;
  /** The tenant's last failed call with this key; undefined when none has failed. */
  lastFailure(
    tx: Transaction,
    tenantId: string,
    key: { readonly provider: Provider; readonly keyVersion: number },
  ): Promise<LastFailure | undefined>;
  /** Whether the provider is well: one of the last three calls with the key was answered, after `since`. */
  isWell(
    tx: Transaction,
    tenantId: string,
    key: { readonly provider: Provider; readonly keyVersion: number },
    since: Date,
  ): Promise<boolean>;
  /** Whether the month has used up this budget to the last token. */
  isSpent(tx: Transaction, tenantId: string, budget: number): Promise<boolean>;
  /** Admits calls to an exhausted budget again, in the transaction that changes the budget. */
  budgetChanged(tx: Transaction, tenantId: string): Promise<void>;
  /** The same for the daily budget of an API key. */
  keyBudgetChanged(tx: Transaction, tenantId: string, apiKeyId: string): Promise<void>;
  /**
   * Closes call records that crashes have left open, and copies the calls that the ledger lacks, for all tenants and of
   * any age. Returns how many records were closed.
   */
  closeAbandoned(): Promise<number>;
}

/** Far longer than any call may take, so the process that made the call is dead. */
const abandonedAfterMs = 5 * 60_000;

/** Tenants whose calls one run closes, in some seconds: the next run comes after 15 s. */
const mendedAtOnce = 200;

/**
 * The fewest tokens that a call may reserve where its bound does not fit. The bound is several times what most texts
 * cost, so a small budget would refuse a call that it could pay. What is enough is the worst share of the bound that the
 * model has shown, and no less than the text makes likely. Before the model has shown anything, only the bound will do.
 */
async function leastReservation(tx: Transaction, tenantId: string, call: CallStart): Promise<number> {
  const worstRatio = await findWorstRatio(tx, tenantId, call.model);
  if (worstRatio === undefined) return call.maxTokens;
  return Math.min(call.maxTokens, Math.max(Math.ceil(worstRatio * call.maxTokens), call.likelyTokens()));
}

/** Creates the service of call records, budgets and the ledger. */
export function createUsageService(deps: {
  readonly database: Database;
  readonly audit: Audit;
  readonly log: Pick<Logger, 'warn'>;
  readonly metrics: Pick<UsageMetrics, 'budgetReached'>;
}): Usage {
  const { database, log } = deps;
  const events = createBudgetEvents(deps);
  return {
    async begin(tx, tenantId, call) {
      if (await insertCall(tx, tenantId, call, { tokens: call.maxTokens, alone: false })) return 'begun';
      const tokens = await leastReservation(tx, tenantId, call);
      if (tokens < call.maxTokens && (await insertCall(tx, tenantId, call, { tokens, alone: true })))
        return 'begun';
      const { apiKeyId = null } = call;
      const room = await readRoom(tx, tenantId, { tokens, apiKeyId });
      if (room.month && room.day) return 'budget_reserved';
      const exhausted = room.month ? 'day_exhausted' : 'month_exhausted';
      if (call.divisible === true) return exhausted;
      // The day's row before the month's, as in every statement: otherwise two calls could each wait for the other.
      if (!room.day && apiKeyId !== null && (await markKeyExhausted(tx, tenantId, apiKeyId)))
        await events.keyExhausted(tx, tenantId, apiKeyId);
      if (!room.month && (await markExhausted(tx, tenantId))) await events.exhausted(tx, tenantId);
      return exhausted;
    },
    beginWhileCalm: insertCallWhileCalm,
    async finish(tx, tenantId, call) {
      const settled = await finishCall(tx, tenantId, call);
      if (settled === undefined) return;
      if (call.entered === true && settled.late) await copyToLedger(tx, tenantId, { callId: call.id });
      await events.settled(tx, tenantId, settled);
    },
    async finishAndCommit(tx, tenantId, call) {
      const finishing = finishCall(tx, tenantId, call);
      tx.commitBehind();
      const settled = await finishing;
      if (settled === undefined || settled.budget === null) return;
      // A budget that was set during the call. The report is for people, and its loss in a crash costs no money.
      tx.afterCommit(() => {
        database
          .withTenant(tenantId, (after) => events.settled(after, tenantId, settled))
          .catch((error: unknown) =>
            log.warn({ error, tenant_id: tenantId }, 'a budget report was not written'),
          );
      });
    },
    cancel: deleteCall,
    recordSubject: (tenantId, subjectId) =>
      database.withTenant(tenantId, (tx) => copyToLedger(tx, tenantId, { subjectId })),
    report: (tenantId, query) =>
      database.withTenant(tenantId, async (tx) => ({
        rows: await sumLedger(tx, tenantId, query),
        unknownCalls: await countUnknown(tx, tenantId, query),
      })),
    lastFailure: findLastFailure,
    isWell: (tx, tenantId, key, since) => isAnsweredOfLate(tx, tenantId, key, { calls: 3, since }),
    isSpent: isBudgetSpent,
    budgetChanged: clearExhausted,
    keyBudgetChanged: clearKeyExhausted,
    closeAbandoned: async () =>
      sumInTurn(
        await database.withScope('reconcile', (tx) => listTenantsToMend(tx, abandonedAfterMs, mendedAtOnce)),
        (tenantId) =>
          database.withTenant(tenantId, async (tx) => {
            const closed = await closeAbandonedCalls(tx, tenantId, abandonedAfterMs);
            await copyMissingToLedger(tx, tenantId, abandonedAfterMs);
            return closed;
          }),
        (tenantId, error) =>
          log.warn({ error, tenant_id: tenantId }, 'calls that a crash left open are closed by the next run'),
      ),
  };
}
