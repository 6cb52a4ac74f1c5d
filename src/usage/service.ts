import type { Audit } from '../audit/service.ts';
import type { Provider } from '../domain/operations.ts';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import { closeAbandonedCalls } from './abandoned-call-store.ts';
import { createBudgetEvents } from './budget-events.ts';
import { clearExhausted, isBudgetSpent, isOnlyReserved, markExhausted } from './budget-store.ts';
import {
  type CallEnd,
  type CallStart,
  deleteCall,
  findLastFailure,
  finishCall,
  insertCall,
  type LastFailure,
} from './call-store.ts';
import {
  copyForgottenToLedger,
  copyToLedger,
  countUnknown,
  sumLedger,
  type UsageQuery,
  type UsageRow,
} from './ledger-store.ts';
import type { UsageMetrics } from './metrics.ts';

export type { CallEnd, CallStart } from './call-store.ts';
export type { UsageGrouping, UsageQuery, UsageRow } from './ledger-store.ts';
export { usageGroupings } from './ledger-store.ts';

export interface UsageReport {
  readonly rows: readonly UsageRow[];
  /** Calls of the period that a crash left without an outcome: they may have been paid, and are in no row. */
  readonly unknownCalls: number;
}

export interface Usage {
  /**
   * Reserves a call's tokens in the month's budget and writes its record, before it is made. Commit it before the call:
   * it has to outlive a crash. `budget_reserved`: there is no room only while other calls are under way.
   */
  begin(
    tx: Transaction,
    tenantId: string,
    call: CallStart,
  ): Promise<'begun' | 'budget_reserved' | 'budget_exhausted'>;
  /** Finishes a call's record and settles its reservation, in the transaction that keeps the call's result. */
  finish(tx: Transaction, tenantId: string, call: CallEnd): Promise<void>;
  /** Takes back the record and the reservation of a call that was not made after all. */
  cancel(tx: Transaction, tenantId: string, callId: string): Promise<void>;
  /** Enters the answered calls made for a subject that are not in the ledger yet. Safe to repeat. */
  recordSubject(tenantId: string, subjectId: string): Promise<number>;
  /** Enters one call in the ledger, in the given transaction. Safe to repeat. */
  recordCall(tx: Transaction, tenantId: string, callId: string): Promise<void>;
  /** The tenant's ledger, summed. */
  report(tenantId: string, query: UsageQuery): Promise<UsageReport>;
  /** How the tenant's last failed call with this key ended; undefined where none has failed. */
  lastFailure(
    tx: Transaction,
    tenantId: string,
    key: { readonly provider: Provider; readonly keyVersion: number },
  ): Promise<LastFailure | undefined>;
  /** Whether the month has used up this budget to the last token. */
  isSpent(tx: Transaction, tenantId: string, budget: number): Promise<boolean>;
  /** In the transaction of a change of the budget: what was used up may not be any longer. */
  budgetChanged(tx: Transaction, tenantId: string): Promise<void>;
  /** Gives up the records that crashes have left open, and enters the answered calls that were forgotten; of every tenant. */
  closeAbandoned(): Promise<number>;
}

/** Far longer than any call may take: whoever made it is dead. */
const abandonedAfterMs = 5 * 60_000;

/** Call records, budgets and the ledger: what was asked of a provider, what it may cost and what it did. */
export function createUsageService(deps: {
  readonly database: Database;
  readonly audit: Audit;
  readonly metrics: Pick<UsageMetrics, 'budgetReached'>;
}): Usage {
  const { database } = deps;
  const events = createBudgetEvents(deps);
  return {
    async begin(tx, tenantId, call) {
      if (await insertCall(tx, tenantId, call)) return 'begun';
      if (await isOnlyReserved(tx, tenantId, call.reservedTokens)) return 'budget_reserved';
      if (await markExhausted(tx, tenantId)) await events.exhausted(tx, tenantId);
      return 'budget_exhausted';
    },
    async finish(tx, tenantId, call) {
      const settled = await finishCall(tx, tenantId, call);
      if (settled !== undefined) await events.settled(tx, tenantId, settled);
    },
    cancel: deleteCall,
    recordSubject: (tenantId, subjectId) =>
      database.withTenant(tenantId, (tx) => copyToLedger(tx, tenantId, { subjectId })),
    recordCall: async (tx, tenantId, callId) => {
      await copyToLedger(tx, tenantId, { callId });
    },
    report: (tenantId, query) =>
      database.withTenant(tenantId, async (tx) => ({
        rows: await sumLedger(tx, tenantId, query),
        unknownCalls: await countUnknown(tx, tenantId, query),
      })),
    lastFailure: findLastFailure,
    isSpent: isBudgetSpent,
    budgetChanged: clearExhausted,
    closeAbandoned: () =>
      database.withScope('reconcile', async (tx) => {
        await copyForgottenToLedger(tx, abandonedAfterMs);
        return closeAbandonedCalls(tx, abandonedAfterMs);
      }),
  };
}
