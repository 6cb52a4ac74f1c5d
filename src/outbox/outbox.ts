import { setImmediate } from 'node:timers/promises';
import pLimit from 'p-limit';
import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { claim, deleteSent, insertRow, type OutboxRow, type OutboxWish } from './store.ts';
import type { WorkflowStarter } from './workflow-starter.ts';

export type { OutboxRow, OutboxWish } from './store.ts';

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
  /** Resolves, within seconds, once what was committed is sent or left to the relay. */
  drain(): Promise<void>;
}

export interface OutboxDeps {
  readonly database: Database;
  readonly starter: WorkflowStarter;
  readonly log: Logger;
}

/** Sends of one process at a time: enough to hide a round trip, few enough to leave the server to its workers. */
const concurrency = 8;
/** Above this the relay sends: a process that cannot reach Temporal must not collect its outage in memory. */
const maxWaiting = 500;
const batch = 100;
/** A batch is sent well within this, or its relay has died. */
const leaseMs = 60_000;
/** A process that stops waits this long for its sends: without Temporal a full queue would take minutes. */
const drainMs = 5_000;
/** The process that wrote a row sends it within this. */
const settleMs = 5_000;

/** The outbox: a change and the request for its workflow are one commit. A send may fail; the relay then makes up for it. */
export function createOutbox(deps: OutboxDeps): Outbox {
  const { database, starter, log } = deps;
  const limit = pLimit(concurrency);
  const inFlight = new Set<Promise<void>>();
  let givingUp = false;

  const send = async (row: OutboxRow): Promise<boolean> => {
    try {
      await starter.send(row);
      await database.withTenant(row.tenantId, (tx) => deleteSent(tx, row.tenantId, row));
      return true;
    } catch (error) {
      log.warn(
        { error, tenant_id: row.tenantId, kind: row.kind },
        'workflow not signalled, left to the relay',
      );
      return false;
    }
  };

  /** Never throws, never waits. */
  const dispatch = (row: OutboxRow): void => {
    if (limit.pendingCount >= maxWaiting) return;
    const sending: Promise<void> = limit(async () => {
      // The answer to the client is written first: it does not wait for the signal.
      await setImmediate();
      if (!givingUp) await send(row);
    }).then(() => {
      inFlight.delete(sending);
    });
    inFlight.add(sending);
  };

  return {
    async enqueue(tx, wish) {
      const row = await insertRow(tx, wish.tenantId, wish);
      tx.afterCommit(() => dispatch(row));
    },
    async relay() {
      const rows = await database.withScope('reconcile', (tx) =>
        claim(tx, { limit: batch, leaseMs, settleMs }),
      );
      const results = await Promise.all(rows.map((row) => limit(() => send(row))));
      const sent = results.filter(Boolean).length;
      return { sent, failed: rows.length - sent, more: rows.length === batch };
    },
    async drain() {
      const deadline = setTimeout(() => {
        givingUp = true;
      }, drainMs);
      await Promise.all(inFlight);
      clearTimeout(deadline);
      givingUp = false;
    },
  };
}
