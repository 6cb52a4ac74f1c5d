import type { Database, Transaction } from '../platform/postgres.ts';
import {
  type CallEnd,
  type CallStart,
  copyToLedger,
  finishCall,
  insertCall,
  sumLedger,
  type UsageQuery,
  type UsageRow,
} from './store.ts';

export type { CallEnd, CallSource, CallStart, UsageGrouping, UsageQuery, UsageRow } from './store.ts';
export { usageGroupings } from './store.ts';

export interface Usage {
  /** Writes the record of a call that is about to be made, in a transaction of its own: it has to outlive a crash. */
  begin(tenantId: string, call: CallStart): Promise<void>;
  /** Finishes a call's record in the transaction that keeps the call's result. */
  finish(tx: Transaction, tenantId: string, call: CallEnd): Promise<void>;
  /** Enters the answered calls made for a subject that are not in the ledger yet. Safe to repeat. */
  recordSubject(tenantId: string, subjectId: string): Promise<number>;
  /** Enters one call in the ledger, in the given transaction. Safe to repeat. */
  recordCall(tx: Transaction, tenantId: string, callId: string): Promise<void>;
  /** The tenant's ledger, summed. */
  report(tenantId: string, query: UsageQuery): Promise<UsageRow[]>;
}

/** Call records and the ledger: what was asked of a provider, and what it cost. */
export function createUsage(deps: { readonly database: Database }): Usage {
  const { database } = deps;
  return {
    begin: (tenantId, call) => database.withTenant(tenantId, (tx) => insertCall(tx, tenantId, call)),
    finish: finishCall,
    recordSubject: (tenantId, subjectId) =>
      database.withTenant(tenantId, (tx) => copyToLedger(tx, tenantId, { subjectId })),
    recordCall: async (tx, tenantId, callId) => {
      await copyToLedger(tx, tenantId, { callId });
    },
    report: (tenantId, query) => database.withTenant(tenantId, (tx) => sumLedger(tx, tenantId, query)),
  };
}
