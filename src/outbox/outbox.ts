import { setImmediate } from 'node:timers/promises';
import pLimit from 'p-limit';

import type { Database, Transaction } from '../platform/postgres/database.ts';
import type { Logger } from '../platform/telemetry/logging.ts';
import { claim, deleteSent, enqueue } from './store.ts';
import type { WorkflowStarter } from './workflow-starter.ts';

/** A row of the outbox at the version that the write made it. */
export interface OutboxTicket {
  readonly tenantId: string;
  readonly kind: 'article' | 'backlog';
  readonly subjectId: string;
  readonly version: string;
}

export interface Outbox {
  /** Writes the wish for a workflow in the transaction of the change that wants it. */
  enqueue(
    tx: Transaction,
    wish: { readonly tenantId: string; readonly kind: OutboxTicket['kind']; readonly subjectId: string },
  ): Promise<OutboxTicket>;
  /** After the commit: sends in the background. Never throws, never waits. */
  dispatch(ticket: OutboxTicket): void;
  /** Sends what nobody has sent, a batch; answers how many it sent and whether others are waiting. */
  relay(): Promise<{ readonly sent: number; readonly failed: number; readonly more: boolean }>;
  /** Resolves, within seconds, once what was dispatched is sent or left to the relay. */
  drain(): Promise<void>;
}

export interface OutboxDeps {
  readonly database: Database;
  readonly starter: WorkflowStarter;
  readonly log: Logger;
}

/** Sends at once, of one process: enough to hide a round trip, few enough to leave the server to its workers. */
const concurrency = 8;
/** What waits beyond this is the relay's: a process that cannot reach Temporal must not gather its outage in memory. */
const maxWaiting = 500;
const batch = 100;
/** A batch is sent well within this, or its relay has died. */
const leaseMs = 60_000;
/** A process that stops waits so long for its sends: without Temporal a full queue would take minutes. */
const drainMs = 5_000;
/** The writer itself sends within this. */
const settleMs = 5_000;

/** The outbox: a change and the wish for its workflow are one commit; sending may fail, and is then done by the relay. */
export function createOutbox(deps: OutboxDeps): Outbox {
  const { database, starter, log } = deps;
  const limit = pLimit(concurrency);
  const inFlight = new Set<Promise<void>>();
  let givingUp = false;

  const send = async (ticket: OutboxTicket): Promise<boolean> => {
    try {
      await starter.send(ticket);
      await database.withTenant(ticket.tenantId, (tx) => deleteSent(tx, ticket));
      return true;
    } catch (error) {
      log.warn({ error, tenant_id: ticket.tenantId, kind: ticket.kind }, 'a signal is left to the relay');
      return false;
    }
  };

  return {
    enqueue,
    dispatch(ticket) {
      if (limit.pendingCount >= maxWaiting) return;
      const sending: Promise<void> = limit(async () => {
        // After the answer to the client has been written: nobody waits for the signal.
        await setImmediate();
        if (!givingUp) await send(ticket);
      }).then(() => {
        inFlight.delete(sending);
      });
      inFlight.add(sending);
    },
    async relay() {
      const tickets = await database.withScope('reconcile', (tx) =>
        claim(tx, { limit: batch, leaseMs, settleMs }),
      );
      const results = await Promise.all(tickets.map((ticket) => limit(() => send(ticket))));
      const sent = results.filter(Boolean).length;
      return { sent, failed: tickets.length - sent, more: tickets.length === batch };
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
