import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Sender } from './sender.ts';
import { claim, insertRow, type OutboxWish } from './store.ts';

export interface Relayed {
  readonly sent: number;
  readonly failed: number;
  /** Whether others may be waiting. */
  readonly more: boolean;
}

export interface Outbox {
  /** Asks for a workflow in the transaction of the change that needs it. After the commit it is signalled in the background. */
  enqueue(tx: Transaction, wish: OutboxWish): Promise<void>;
  /** Sends a batch of what nobody has sent. */
  relay(): Promise<Relayed>;
  /** Resolves, within seconds, once what was committed is sent or left to the relay; answers how many sends it cut off. */
  drain(): Promise<number>;
}

const batch = 100;
/** A batch is sent well within this, or its relay has died. */
const leaseMs = 60_000;
/** The process that wrote a row sends it within this. */
const settleMs = 5_000;

/** The outbox: a change and the request for its workflow are one commit. A send may fail; the relay then makes up for it. */
export function createOutbox({
  database,
  sender,
}: {
  readonly database: Database;
  readonly sender: Sender;
}): Outbox {
  return {
    async enqueue(tx, wish) {
      const row = await insertRow(tx, wish.tenantId, wish);
      tx.afterCommit(() => sender.dispatch(row));
    },

    async relay() {
      const rows = await database.withScope('reconcile', (tx) =>
        claim(tx, { limit: batch, leaseMs, settleMs }),
      );
      const sent = await sender.sendAll(rows);
      return { sent, failed: rows.length - sent, more: rows.length === batch };
    },

    drain: sender.drain,
  };
}
