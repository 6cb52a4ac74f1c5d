import { setImmediate } from 'node:timers/promises';
import { withTimeout } from '../platform/async/with-timeout.ts';
import type { Database } from '../platform/postgres/database.ts';
import type { Share } from '../platform/shares/share.ts';
import { createRelayShare } from '../platform/shares/shares.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { deleteSent, type OutboxRow } from './store.ts';
import type { WorkflowStarter } from './workflow-starter.ts';

/** Sends rows of the outbox to Temporal. A row that cannot be sent stays in the table for the relay. */
export interface Sender {
  /** Sends in the background; returns at once and never throws. */
  dispatch(row: OutboxRow): void;
  /** Sends the rows and resolves with the number of rows that were sent. */
  sendAll(rows: readonly OutboxRow[]): Promise<number>;
  /** Resolves, within seconds, once the dispatched rows are sent or left to the relay, with the number of sends cut off. */
  drain(): Promise<number>;
}

/** Rows beyond this are left to the relay: during an outage of Temporal a process must not collect rows in memory. */
const maxWaiting = 2_000;
/** A stopping process waits this long for its sends: during an outage of Temporal a full queue would take minutes. */
const drainMs = 5_000;
/** Then no further send begins. One that is under way ends within its own deadline of 2 s. */
const lastSendMs = 3_000;

/** The sender of one process. */
export function createSender(deps: {
  readonly database: Database;
  readonly starter: Pick<WorkflowStarter, 'send'>;
  /** Signals under way, divided among tenants: one that writes without a pause does not delay the signal of another. */
  readonly signals: Pick<Share, 'acquire' | 'waiting'>;
  readonly log: Logger;
}): Sender {
  const { database, starter, signals, log } = deps;
  const inFlight = new Set<Promise<void>>();
  let givingUp = false;

  const send = async (row: OutboxRow): Promise<boolean> => {
    try {
      await starter.send(row);
      // The relay sends it once more, which does no harm.
      if (givingUp) return true;
      // A row that comes back after a crash is sent once more, too.
      await database.withTenantUnsynced(row.tenantId, (tx) => deleteSent(tx, row.tenantId, row));
      return true;
    } catch (error) {
      log.warn({ error, tenant_id: row.tenantId, kind: row.kind }, 'signal not sent, left to the relay');
      return false;
    }
  };

  const sendInTurn = async (row: OutboxRow): Promise<void> => {
    const release = await signals.acquire(row.tenantId);
    if (release === 'busy') return;
    try {
      // On the next tick: the answer to the client is written first and does not wait for the signal.
      await setImmediate();
      if (!givingUp) await send(row);
    } finally {
      release();
    }
  };

  return {
    dispatch(row) {
      if (signals.waiting >= maxWaiting) return;
      const sending = sendInTurn(row).then(() => {
        inFlight.delete(sending);
      });
      inFlight.add(sending);
    },

    async sendAll(rows) {
      // Divided, too: a tenant whose connections are all in use would otherwise hold every send until it has one again.
      const share = createRelayShare(rows.length);
      const sendOne = async (row: OutboxRow) => {
        const release = await share.acquire(row.tenantId);
        if (release === 'busy') return false;
        try {
          return await send(row);
        } finally {
          release();
        }
      };
      const results = await Promise.all(rows.map(sendOne));
      return results.filter(Boolean).length;
    },

    async drain() {
      const deadline = setTimeout(() => {
        givingUp = true;
      }, drainMs);
      const isLate = await withTimeout(
        Promise.all(inFlight).then(() => false),
        drainMs + lastSendMs,
        true,
      );
      clearTimeout(deadline);
      givingUp = false;
      return isLate ? inFlight.size : 0;
    },
  };
}
