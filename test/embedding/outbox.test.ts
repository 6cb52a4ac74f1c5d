import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutboxTicket } from '../../src/outbox/outbox.ts';
import { createOutbox, type Outbox } from '../../src/outbox/outbox.ts';
import type { WorkflowStarter } from '../../src/outbox/workflow-starter.ts';
import type { Database } from '../../src/platform/postgres/database.ts';
import { createLogger } from '../../src/platform/telemetry/logging.ts';
import { createTestServices, type TestServices, type TestTenant } from '../support/test-services.ts';

// Temporal's stand-in is in the test's hand; the rows are real. Time passes by moving the rows' times back.
const log = createLogger({ level: 'silent', process: 'test' });
const settled = 6_000;
const leaseOver = 61_000;

let test: TestServices;
let tenant: TestTenant;
beforeAll(async () => {
  test = await createTestServices({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
});
afterAll(async () => {
  await test.close();
});
beforeEach(async () => {
  await test.db.rawAsOwner('delete from outbox');
  tenant = await test.createTenant();
});

interface Send {
  readonly ticket: OutboxTicket;
  succeed(): void;
  fail(): void;
}

/** Sends that hang until the test ends them. */
function heldSends() {
  const pending: Send[] = [];
  const send = (ticket: OutboxTicket) =>
    new Promise<void>((resolve, reject) => {
      pending.push({ ticket, succeed: resolve, fail: () => reject(new Error('Temporal is gone')) });
    });
  return { pending, starter: { send, sendBacklogArticle: async () => undefined } };
}

/** Counts transactions under way, so that a test can wait until everything that can happen has happened. */
function watched(database: Database): { database: Database; busy: () => boolean } {
  let underWay = 0;
  const count = async <T>(work: Promise<T>): Promise<T> => {
    underWay += 1;
    try {
      return await work;
    } finally {
      underWay -= 1;
    }
  };
  return {
    database: {
      ...database,
      withTenant: (tenantId, work) => count(database.withTenant(tenantId, work)),
      withScope: (scope, work) => count(database.withScope(scope, work)),
    },
    busy: () => underWay > 0,
  };
}

/** An outbox over the given starter, and a way to let it come to rest. */
function outboxWith(starter: WorkflowStarter) {
  const { database, busy } = watched(test.services.database);
  return {
    outbox: createOutbox({ database, starter, log }),
    async rest() {
      do {
        await turn();
        await turn();
      } while (busy());
    },
  };
}

const enqueue = (outbox: Outbox, subjectId: string, of = tenant) =>
  test.services.database.withTenant(of.id, (tx) =>
    outbox.enqueue(tx, { tenantId: of.id, kind: 'article', subjectId }),
  );
const pass = (ms: number) =>
  test.db.rawAsOwner(
    `update outbox set created_at = created_at - $1 * interval '1 millisecond',
                       leased_until = leased_until - $1 * interval '1 millisecond'`,
    [ms],
  );
const rows = (): Promise<Record<string, unknown>[]> =>
  test.db.rawAsOwner('select subject_id, version::text from outbox order by subject_id');

const sentTo = (sent: OutboxTicket[]): WorkflowStarter => ({
  send: async (ticket) => void sent.push(ticket),
  sendBacklogArticle: async () => undefined,
});
const refusing: WorkflowStarter = {
  send: async () => {
    throw new Error('Temporal is gone');
  },
  sendBacklogArticle: async () => undefined,
};

describe('dispatch', () => {
  it('sends what was written and deletes its row', async () => {
    const sent: OutboxTicket[] = [];
    const { outbox } = outboxWith(sentTo(sent));
    const ticket = await enqueue(outbox, randomUUID());
    outbox.dispatch(ticket);
    await outbox.drain();
    expect(sent).toEqual([ticket]);
    expect(await rows()).toEqual([]);
  });

  it('neither throws nor waits when Temporal is gone, and leaves the row to the relay', async () => {
    const { outbox } = test.services;
    const ticket = await enqueue(outbox, randomUUID());
    expect(outbox.dispatch(ticket)).toBeUndefined();
    // Still there at once, and still there after the sending has been given up.
    expect(await rows()).toHaveLength(1);
    await outbox.drain();
    expect(await rows()).toEqual([{ subject_id: ticket.subjectId, version: ticket.version }]);
  });

  it('holds a bounded number of sends, gives the others to the relay, and drains', async () => {
    const { pending, starter } = heldSends();
    const { outbox } = outboxWith(starter);
    for (let i = 0; i < 3_000; i += 1) {
      outbox.dispatch({ tenantId: tenant.id, kind: 'article', subjectId: randomUUID(), version: '1' });
    }
    const drained = outbox.drain();
    let held = 0;
    let over = false;
    void drained.then(() => {
      over = true;
    });
    while (!over) {
      for (const send of pending.splice(0)) {
        held += 1;
        send.fail();
      }
      await turn();
    }
    await drained;
    expect(held).toBeGreaterThanOrEqual(500);
    expect(held).toBeLessThanOrEqual(520);
  });
});

describe('drain', () => {
  it('waits for what is under way and, after some seconds, leaves what has not begun to the relay', async () => {
    const { pending, starter } = heldSends();
    const { outbox } = outboxWith(starter);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      for (let i = 0; i < 100; i += 1) {
        outbox.dispatch({ tenantId: tenant.id, kind: 'article', subjectId: randomUUID(), version: '1' });
      }
      const drained = outbox.drain();
      await turn();
      const begun = pending.length;
      expect(begun).toBeLessThan(100);
      vi.advanceTimersByTime(5_000);
      for (const send of pending) send.fail();
      await drained;
      expect(pending).toHaveLength(begun);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a row', () => {
  it('is deleted at the version that was sent, and stays when a change came meanwhile', async () => {
    const { pending, starter } = heldSends();
    const { outbox, rest } = outboxWith(starter);
    const subjectId = randomUUID();
    outbox.dispatch(await enqueue(outbox, subjectId));
    await rest();
    const later = await enqueue(outbox, subjectId);
    pending.splice(0).forEach((send) => void send.succeed());
    await outbox.drain();
    expect(await rows()).toEqual([{ subject_id: subjectId, version: later.version }]);
  });

  it('outlives the late end of a send that began before the row was deleted and written anew', async () => {
    const { pending, starter } = heldSends();
    const { outbox, rest } = outboxWith(starter);
    const subjectId = randomUUID();
    outbox.dispatch(await enqueue(outbox, subjectId));
    await rest();
    await pass(settled);
    const relaying = outbox.relay();
    while (pending.length < 2) await rest();
    const [fromWriter, fromRelay] = pending;
    fromWriter?.succeed();
    await outbox.drain();
    expect(await rows()).toEqual([]);
    // The change that comes now was in no send so far.
    const anew = await enqueue(outbox, subjectId);
    fromRelay?.succeed();
    await relaying;
    expect(await rows()).toEqual([{ subject_id: subjectId, version: anew.version }]);
  });

  it('is there only if the change that wants it is committed', async () => {
    const { outbox } = outboxWith(refusing);
    await expect(
      test.services.database.withTenant(tenant.id, async (tx) => {
        await outbox.enqueue(tx, { tenantId: tenant.id, kind: 'article', subjectId: randomUUID() });
        throw new Error('the change failed');
      }),
    ).rejects.toThrow('the change failed');
    expect(await rows()).toEqual([]);
  });
});

describe('the relay', () => {
  it('leaves a young row to its writer', async () => {
    const sent: OutboxTicket[] = [];
    const { outbox } = outboxWith(sentTo(sent));
    await enqueue(outbox, randomUUID());
    expect(await outbox.relay()).toEqual({ sent: 0, failed: 0, more: false });
    await pass(settled);
    expect(await outbox.relay()).toEqual({ sent: 1, failed: 0, more: false });
  });

  it('passes by what another relay is just claiming: each row of every tenant is sent once', async () => {
    const sent: OutboxTicket[] = [];
    const { database } = test.services;
    let claimed: () => void = () => undefined;
    const claiming = new Promise<void>((resolve) => {
      claimed = resolve;
    });
    let commit: () => void = () => undefined;
    const committing = new Promise<void>((resolve) => {
      commit = resolve;
    });
    const slow = createOutbox({
      log,
      starter: sentTo(sent),
      database: {
        ...database,
        withScope: (scope, work) =>
          database.withScope(scope, async (tx) => {
            const result = await work(tx);
            claimed();
            await committing;
            return result;
          }),
      },
    });
    const { outbox: quick } = outboxWith(sentTo(sent));
    const other = await test.createTenant();
    const written: OutboxTicket[] = [];
    for (let i = 0; i < 60; i += 1) {
      written.push(await enqueue(quick, randomUUID()), await enqueue(quick, randomUUID(), other));
    }
    await pass(settled);

    const relaying = slow.relay();
    await claiming;
    expect(await quick.relay()).toEqual({ sent: 20, failed: 0, more: false });
    commit();
    expect(await relaying).toEqual({ sent: 100, failed: 0, more: true });
    const subjects = (tickets: readonly OutboxTicket[]) => tickets.map(({ subjectId }) => subjectId).sort();
    expect(subjects(sent)).toEqual(subjects(written));
    expect(await rows()).toEqual([]);
  });

  it('says that there is more after a full batch, oldest first', async () => {
    const sent: OutboxTicket[] = [];
    const { outbox } = outboxWith(sentTo(sent));
    for (let i = 0; i < 100; i += 1) await enqueue(outbox, randomUUID());
    await pass(1_000);
    const last = await enqueue(outbox, randomUUID());
    await pass(settled);
    expect(await outbox.relay()).toEqual({ sent: 100, failed: 0, more: true });
    expect(sent.map(({ subjectId }) => subjectId)).not.toContain(last.subjectId);
    expect(await outbox.relay()).toEqual({ sent: 1, failed: 0, more: false });
  });

  it('counts what it could not send, and another finds it once the lease is over', async () => {
    const { outbox } = outboxWith(refusing);
    const ticket = await enqueue(outbox, randomUUID());
    await pass(settled);
    expect(await outbox.relay()).toEqual({ sent: 0, failed: 1, more: false });
    const sent: OutboxTicket[] = [];
    const { outbox: next } = outboxWith(sentTo(sent));
    expect(await next.relay()).toEqual({ sent: 0, failed: 0, more: false });
    await pass(leaseOver);
    expect(await next.relay()).toEqual({ sent: 1, failed: 0, more: false });
    expect(sent).toEqual([ticket]);
  });

  it('that died holds nothing for longer than its lease', async () => {
    const { pending, starter } = heldSends();
    const { outbox: dead, rest } = outboxWith(starter);
    const ticket = await enqueue(dead, randomUUID());
    await pass(settled);
    void dead.relay();
    while (pending.length === 0) await rest();
    const sent: OutboxTicket[] = [];
    const { outbox: living } = outboxWith(sentTo(sent));
    await pass(leaseOver - 2_000);
    expect(await living.relay()).toMatchObject({ sent: 0 });
    await pass(2_000);
    expect(await living.relay()).toMatchObject({ sent: 1 });
    expect(sent).toEqual([ticket]);
    pending[0]?.fail();
  });
});

it('loses no change, whatever the order of writes, sends, relays, failures and deaths', async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), subject: fc.nat(1) }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('dispatch' as const), which: fc.nat(3), process: fc.nat(1) }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('relay' as const), process: fc.nat(1) }) },
    {
      weight: 7,
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        which: fc.nat(5),
        how: fc.constantFrom('succeed' as const, 'succeed' as const, 'fail' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('die' as const), process: fc.nat(1) }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(settled, leaseOver) }),
    },
  );

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 40 }), async (steps) => {
      await test.db.rawAsOwner('delete from outbox');
      const subjects = [randomUUID(), randomUUID()] as const;
      /** Counts what happens, in its order. */
      let now = 0;
      const written: { subjectId: string; at: number }[] = [];
      /** When the last send of a subject that Temporal took had begun: all that is certain is what it knew then. */
      const taken = new Map<string, number>();
      const tickets: OutboxTicket[] = [];
      const pending: { send: Send; process: object }[] = [];

      const startProcess = () => {
        const process = {};
        const starter: WorkflowStarter = {
          send(ticket) {
            now += 1;
            const beganAt = now;
            return new Promise<void>((resolve, reject) => {
              const succeed = () => {
                taken.set(ticket.subjectId, Math.max(taken.get(ticket.subjectId) ?? 0, beganAt));
                resolve();
              };
              pending.push({
                process,
                send: { ticket, succeed, fail: () => reject(new Error('Temporal is gone')) },
              });
            });
          },
          sendBacklogArticle: async () => undefined,
        };
        return { ...outboxWith(starter), process };
      };
      const processes = [startProcess(), startProcess()];
      const rest = async () => {
        for (const each of processes) await each.rest();
      };

      for (const next of steps) {
        const running = 'process' in next ? processes[next.process] : processes[0];
        if (running === undefined) throw new Error('no such process');
        switch (next.kind) {
          case 'write': {
            const subjectId = subjects[next.subject] ?? subjects[0];
            tickets.push(await enqueue(running.outbox, subjectId));
            now += 1;
            written.push({ subjectId, at: now });
            break;
          }
          case 'dispatch': {
            const [ticket] = tickets.splice(next.which % Math.max(tickets.length, 1), 1);
            if (ticket !== undefined) running.outbox.dispatch(ticket);
            break;
          }
          case 'relay':
            void running.outbox.relay();
            break;
          case 'end': {
            const [ending] = pending.splice(next.which % Math.max(pending.length, 1), 1);
            ending?.send[next.how]();
            break;
          }
          case 'die':
            // Its sends never come back; whether Temporal took them, nobody knows.
            for (const one of pending.splice(0)) if (one.process !== running.process) pending.push(one);
            processes[next.process] = startProcess();
            break;
          case 'pass':
            await pass(next.ms);
            break;
        }
        await rest();
      }

      // From here on Temporal is well, and the schedule runs its relay.
      while (pending.length > 0) {
        for (const { send } of pending.splice(0)) send.fail();
        await rest();
      }
      const sent: OutboxTicket[] = [];
      const { outbox } = outboxWith({
        send: async (ticket) => {
          now += 1;
          taken.set(ticket.subjectId, now);
          sent.push(ticket);
        },
        sendBacklogArticle: async () => undefined,
      });
      await pass(leaseOver);
      await outbox.relay();

      expect(await rows()).toEqual([]);
      for (const { subjectId, at } of written) {
        expect(taken.get(subjectId) ?? 0, `the change written at ${at}`).toBeGreaterThan(at);
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);
