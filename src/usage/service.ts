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
  copyMissingToLedger,
  copyToLedger,
  countUnknown,
  sumLedger,
  type UsageQuery,
  type UsageRow,
} from './ledger-store.ts';
import type { UsageMetrics } from './metrics.ts';

/** The sums of a period. */
export interface UsageReport {
  readonly rows: readonly UsageRow[];
  /** Calls of the period that a crash left without an outcome: they may have been paid, and are in no row. */
  readonly unknownCalls: number;
}

/** The records of provider calls, the month's budget and the ledger. */
export interface Usage {
  /**
   * Reserves a call's tokens in the month's budget and writes the call record. Commit it before the call is made,
   * because the record has to survive a crash. `budget_reserved`: there is no room only while other calls are under
   * way.
   */
  begin(
    tx: Transaction,
    tenantId: string,
    call: CallStart,
  ): Promise<'begun' | 'budget_reserved' | 'budget_exhausted'>;
  /** Finishes a call record and settles its reservation, in the transaction that stores the result of the call. */
  finish(tx: Transaction, tenantId: string, call: CallEnd): Promise<void>;
  /** Deletes the record of a call that was not made, and releases its reservation. */
  cancel(tx: Transaction, tenantId: string, callId: string): Promise<void>;
  /** Copies the answered calls of a subject to the ledger; returns how many were missing there. Safe to repeat. */
  recordSubject(tenantId: string, subjectId: string): Promise<number>;
  /** Copies one answered call to the ledger, in the given transaction. Safe to repeat. */
  recordCall(tx: Transaction, tenantId: string, callId: string): Promise<void>;
  /** Sums the tenant's ledger. */
  report(tenantId: string, query: UsageQuery): Promise<UsageReport>;
  /** The tenant's last failed call with this key; undefined when none has failed. */
  lastFailure(
    tx: Transaction,
    tenantId: string,
    key: { readonly provider: Provider; readonly keyVersion: number },
  ): Promise<LastFailure | undefined>;
  /** Whether the month has used up this budget to the last token. */
  isSpent(tx: Transaction, tenantId: string, budget: number): Promise<boolean>;
  /** Admits calls to an exhausted budget again, in the transaction that changes the budget. */
  budgetChanged(tx: Transaction, tenantId: string): Promise<void>;
  /**
   * Closes call records that crashes have left open, and copies answered calls that are missing to the ledger, for all
   * tenants. Returns how many records were closed.
   */
  closeAbandoned(): Promise<number>;
}

/** Far longer than any call may take, so the process that made the call is dead. */
const abandonedAfterMs = 5 * 60_000;

/** Creates the service of call records, budgets and the ledger. */
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
        await copyMissingToLedger(tx, abandonedAfterMs);
        return closeAbandonedCalls(tx, abandonedAfterMs);
      }),
  };
}
