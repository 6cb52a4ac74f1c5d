import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Sender } from './sender.ts';
import { claimRows, insertRow, type WorkflowRequest } from './store.ts';

/** What one batch of the relay did: rows sent, and rows that failed and stay in the table. */
export interface Relayed {
  readonly sent: number;
  readonly failed: number;
  /** Whether more rows may be waiting. */
  readonly more: boolean;
}

export interface Outbox {
  /** Writes the request in the transaction of the change. After the commit it is sent in the background. */
  enqueue(tx: Transaction, request: WorkflowRequest): Promise<void>;
  /** Sends a batch of unsent rows, from any process. */
  relay(): Promise<Relayed>;
  /** Resolves, within seconds, once the committed rows are sent or left to the relay, with the number of sends cut off. */
  drain(): Promise<number>;
}

const batch = 100;
/** A batch takes less than this; after it the relay counts as dead and its rows are free. */
const leaseMs = 60_000;
/** The process that wrote a row sends it within this time; later the relay does. */
const settleMs = 5_000;

/** The outbox: a change and the request for its workflow are one commit. The relay sends again what a process could not send. */
export function createOutboxService({
  database,
  sender,
}: {
  readonly database: Database;
  readonly sender: Sender;
}): Outbox {
  return {
    async enqueue(tx, request) {
      const row = await insertRow(tx, request.tenantId, request);
      tx.afterCommit(() => sender.dispatch(row));
    },

    async relay() {
      const rows = await database.withScope('reconcile', (tx) =>
        claimRows(tx, { limit: batch, leaseMs, settleMs }),
      );
      const sent = await sender.sendAll(rows);
      return { sent, failed: rows.length - sent, more: rows.length === batch };
    },

    drain: sender.drain,
  };
}
