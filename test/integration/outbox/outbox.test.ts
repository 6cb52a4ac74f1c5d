import { randomUUID } from 'node:crypto';
import { setImmediate as immediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, vi } from 'vitest';
import { createOutboxService } from '../../../src/outbox/outbox.ts';
import { createSender } from '../../../src/outbox/sender.ts';
import { insertRow, type OutboxRow } from '../../../src/outbox/store.ts';
import { createWorkflowStarter, type WorkflowStarter } from '../../../src/outbox/workflow-starter.ts';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { createSignalShare } from '../../../src/platform/shares/shares.ts';
import { createLogger } from '../../../src/platform/telemetry/logging.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// Temporal's stand-in is in the test's hand; the rows are real. Time passes by moving the rows' times back.
const it = factsOfServices()
  .extend('tenant', async ({ test }) => {
    await test.db.rawAsOwner('delete from outbox');
    return test.createTenant();
  })
  .extend('table', ({ test, tenant }) => openTable(test, tenant))
  .extend('outboxWith', ({ test }) => outboxesOver(test.services.database));
const settled = 6_000;
const leaseOver = 61_000;

describe('enqueue', () => {
  it('sends once the change is committed, and not before', async ({ test, tenant, outboxWith, table }) => {
    const sent: OutboxRow[] = [];
    const { outbox, rest } = outboxWith(sentTo(sent));
    const wanted = table.entry();
    await test.services.database.withTenant(tenant.id, async (tx) => {
      await outbox.enqueue(tx, wanted);
      await immediate();
      expect(sent).toEqual([]);
    });
    await rest();
    await outbox.drain();
    expect(sent).toMatchObject([wanted]);
    expect(await table.rows()).toEqual([]);
  });

  it('sends nothing of a savepoint that was undone, and the rest of its transaction', async ({
    test,
    tenant,
    outboxWith,
    table,
  }) => {
    const sent: OutboxRow[] = [];
    const { outbox, rest } = outboxWith(sentTo(sent));
    const [undone, kept] = [table.entry(), table.entry()];
    await test.services.database.withTenant(tenant.id, async (tx) => {
      const failing = tx.savepoint(async (inner) => {
        await outbox.enqueue(inner, undone);
        throw new Error('undone');
      });
      await expect(failing).rejects.toThrow('undone');
      await tx.savepoint((inner) => outbox.enqueue(inner, kept));
    });
    await rest();
    await outbox.drain();
    expect(sent).toMatchObject([kept]);
    expect(await table.rows()).toEqual([]);
  });
});

describe('dispatch', () => {
  it('sends what was written and deletes its row', async ({ outboxWith, table }) => {
    const sent: OutboxRow[] = [];
    const { outbox, sender } = outboxWith(sentTo(sent));
    const row = await table.write(randomUUID());
    sender.dispatch(row);
    await outbox.drain();
    expect(sent).toEqual([row]);
    expect(await table.rows()).toEqual([]);
  });

  it('neither throws nor waits when Temporal is gone, and leaves the row to the relay', async ({
    test,
    outboxWith,
    table,
  }) => {
    const { outbox, sender } = outboxWith(
      createWorkflowStarter({ client: test.services.temporal.client, taskQueue: 'any' }),
    );
    const row = await table.write(randomUUID());
    expect(sender.dispatch(row)).toBeUndefined();
    // Still there at once, and still there after the sending has been given up.
    expect(await table.rows()).toHaveLength(1);
    await outbox.drain();
    expect(await table.rows()).toEqual([{ subject_id: row.subjectId, version: row.version }]);
  });

  it('holds a bounded number of sends, gives the others to the relay, and drains', async ({
    tenant,
    outboxWith,
  }) => {
    const { pending, starter } = heldSends();
    const { outbox, sender } = outboxWith(starter);
    for (let i = 0; i < 3_000; i += 1) {
      sender.dispatch({ tenantId: tenant.id, kind: 'article', subjectId: randomUUID(), version: '1' });
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
      await immediate();
    }
    await drained;
    expect(held).toBeGreaterThanOrEqual(500);
    expect(held).toBeLessThanOrEqual(510);
  });

  it('begins with the row of a calm tenant at once, however many another has dispatched', async ({
    test,
    tenant,
    outboxWith,
    table,
  }) => {
    const { pending, starter } = heldSends();
    const { outbox, sender, rest } = outboxWith(starter);
    const other = await test.createTenant();
    for (let i = 0; i < 100; i += 1) sender.dispatch({ ...table.entry(), version: '1' });
    await rest();
    const begun = pending.length;
    expect(begun).toBeLessThan(8);
    sender.dispatch({ ...table.entry(), tenantId: other.id, version: '1' });
    await rest();
    expect(pending.slice(begun).map(({ row }) => row.tenantId)).toEqual([other.id]);
    expect(pending.slice(0, begun).every(({ row }) => row.tenantId === tenant.id)).toBe(true);
    const drained = outbox.drain();
    while ((await Promise.race([drained, rest()])) === undefined) {
      for (const send of pending.splice(0)) send.fail();
    }
  });
});

describe('drain', () => {
  it('waits for what is under way and, after some seconds, leaves what has not begun to the relay', async ({
    tenant,
    outboxWith,
  }) => {
    const { pending, starter } = heldSends();
    const { outbox, sender } = outboxWith(starter);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      for (let i = 0; i < 100; i += 1) {
        sender.dispatch({ tenantId: tenant.id, kind: 'article', subjectId: randomUUID(), version: '1' });
      }
      const drained = outbox.drain();
      await immediate();
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
  it('is deleted at the version that was sent, and stays when a change came meanwhile', async ({
    outboxWith,
    table,
  }) => {
    const { pending, starter } = heldSends();
    const { outbox, sender, rest } = outboxWith(starter);
    const subjectId = randomUUID();
    sender.dispatch(await table.write(subjectId));
    await rest();
    const later = await table.write(subjectId);
    pending.splice(0).forEach((send) => void send.succeed());
    await outbox.drain();
    expect(await table.rows()).toEqual([{ subject_id: subjectId, version: later.version }]);
  });

  it('outlives the late end of a send that began before the row was deleted and written anew', async ({
    outboxWith,
    table,
  }) => {
    const { pending, starter } = heldSends();
    const { outbox, sender, rest } = outboxWith(starter);
    const subjectId = randomUUID();
    sender.dispatch(await table.write(subjectId));
    await rest();
    await table.pass(settled);
    const relaying = outbox.relay();
    while (pending.length < 2) await rest();
    const [fromWriter, fromRelay] = pending;
    fromWriter?.succeed();
    await outbox.drain();
    expect(await table.rows()).toEqual([]);
    // The change that comes now was in no send so far.
    const anew = await table.write(subjectId);
    fromRelay?.succeed();
    await relaying;
    expect(await table.rows()).toEqual([{ subject_id: subjectId, version: anew.version }]);
  });

  it('is there only if the change that needs it is committed', async ({
    test,
    tenant,
    outboxWith,
    table,
  }) => {
    const sent: OutboxRow[] = [];
    const { outbox, rest } = outboxWith(sentTo(sent));
    await expect(
      test.services.database.withTenant(tenant.id, async (tx) => {
        await outbox.enqueue(tx, { tenantId: tenant.id, kind: 'article', subjectId: randomUUID() });
        throw new Error('the change failed');
      }),
    ).rejects.toThrow('the change failed');
    await rest();
    expect(await table.rows()).toEqual([]);
    expect(sent).toEqual([]);
  });
});

describe('the relay', () => {
  it('leaves a new row to its writer', async ({ outboxWith, table }) => {
    const sent: OutboxRow[] = [];
    const { outbox } = outboxWith(sentTo(sent));
    await table.write(randomUUID());
    expect(await outbox.relay()).toEqual({ sent: 0, failed: 0, more: false });
    await table.pass(settled);
    expect(await outbox.relay()).toEqual({ sent: 1, failed: 0, more: false });
  });

  it('passes by what another relay is just claiming: each row of every tenant is sent once', async ({
    test,
    outboxWith,
    table,
  }) => {
    const sent: OutboxRow[] = [];
    const { database } = test.services;
    let claimed: () => void = () => undefined;
    const claiming = new Promise<void>((resolve) => {
      claimed = resolve;
    });
    let commit: () => void = () => undefined;
    const committing = new Promise<void>((resolve) => {
      commit = resolve;
    });
    const slow = createOutboxService({
      sender: createSender({ database, starter: sentTo(sent), signals: createSignalShare(), log }),
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
    const written: OutboxRow[] = [];
    for (let i = 0; i < 60; i += 1) {
      written.push(await table.write(randomUUID()), await table.write(randomUUID(), other));
    }
    await table.pass(settled);

    const relaying = slow.relay();
    await claiming;
    expect(await quick.relay()).toEqual({ sent: 20, failed: 0, more: false });
    commit();
    expect(await relaying).toEqual({ sent: 100, failed: 0, more: true });
    const subjects = (unsent: readonly OutboxRow[]) => unsent.map(({ subjectId }) => subjectId).sort();
    expect(subjects(sent)).toEqual(subjects(written));
    expect(await table.rows()).toEqual([]);
  });

  it('says that there is more after a full batch, oldest first', async ({ outboxWith, table }) => {
    const sent: OutboxRow[] = [];
    const { outbox } = outboxWith(sentTo(sent));
    for (let i = 0; i < 100; i += 1) await table.write(randomUUID());
    await table.pass(1_000);
    const last = await table.write(randomUUID());
    await table.pass(settled);
    expect(await outbox.relay()).toEqual({ sent: 100, failed: 0, more: true });
    expect(sent.map(({ subjectId }) => subjectId)).not.toContain(last.subjectId);
    expect(await outbox.relay()).toEqual({ sent: 1, failed: 0, more: false });
  });

  it('sends the oldest row of each tenant before the second of any', async ({ test, outboxWith, table }) => {
    const sent: OutboxRow[] = [];
    const { outbox } = outboxWith(sentTo(sent));
    const other = await test.createTenant();
    for (let i = 0; i < 120; i += 1) await table.write(randomUUID());
    await table.pass(1_000);
    const late = [await table.write(randomUUID(), other), await table.write(randomUUID(), other)];
    await table.pass(settled);
    expect(await outbox.relay()).toEqual({ sent: 100, failed: 0, more: true });
    const subjects = sent.map(({ subjectId }) => subjectId);
    expect(subjects).toEqual(expect.arrayContaining(late.map(({ subjectId }) => subjectId)));
    expect(await outbox.relay()).toEqual({ sent: 22, failed: 0, more: false });
  });

  it('counts what it could not send, and another finds it once the lease is over', async ({
    outboxWith,
    table,
  }) => {
    const { outbox } = outboxWith(refusing);
    const row = await table.write(randomUUID());
    await table.pass(settled);
    expect(await outbox.relay()).toEqual({ sent: 0, failed: 1, more: false });
    const sent: OutboxRow[] = [];
    const { outbox: next } = outboxWith(sentTo(sent));
    expect(await next.relay()).toEqual({ sent: 0, failed: 0, more: false });
    await table.pass(leaseOver);
    expect(await next.relay()).toEqual({ sent: 1, failed: 0, more: false });
    expect(sent).toEqual([row]);
  });

  it('that died holds nothing for longer than its lease', async ({ outboxWith, table }) => {
    const { pending, starter } = heldSends();
    const { outbox: dead, rest } = outboxWith(starter);
    const row = await table.write(randomUUID());
    await table.pass(settled);
    void dead.relay();
    while (pending.length === 0) await rest();
    const sent: OutboxRow[] = [];
    const { outbox: living } = outboxWith(sentTo(sent));
    await table.pass(leaseOver - 2_000);
    expect(await living.relay()).toMatchObject({ sent: 0 });
    await table.pass(2_000);
    expect(await living.relay()).toMatchObject({ sent: 1 });
    expect(sent).toEqual([row]);
    pending[0]?.fail();
  });

  it('says that there is more after a full batch with a failure in it', async ({ outboxWith, table }) => {
    const refused = await table.write(randomUUID());
    const { outbox } = outboxWith({
      ...refusing,
      send: async ({ subjectId }) => {
        if (subjectId === refused.subjectId) throw new Error('Temporal is gone');
      },
    });
    for (let i = 0; i < 100; i += 1) await table.write(randomUUID());
    await table.pass(settled);
    expect(await outbox.relay()).toEqual({ sent: 99, failed: 1, more: true });
  });

  it('takes the oldest rows first, wherever they lie in the table', async ({ test, outboxWith, table }) => {
    const sent: OutboxRow[] = [];
    const { outbox } = outboxWith(sentTo(sent));
    for (let i = 0; i < 100; i += 1) await table.write(randomUUID());
    const oldest = await table.write(randomUUID());
    await table.pass(settled);
    await test.db.rawAsOwner(
      "update outbox set created_at = created_at - interval '1 hour' where subject_id = $1",
      [oldest.subjectId],
    );
    expect(await outbox.relay()).toMatchObject({ sent: 100, more: true });
    expect(sent.map(({ subjectId }) => subjectId)).toContain(oldest.subjectId);
  });
});

it('loses no change, whatever the order of writes, sends, relays, failures and deaths', async ({
  test,
  outboxWith,
  table,
}) => {
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
      const unsent: OutboxRow[] = [];
      const pending: { send: Send; process: object }[] = [];

      const startProcess = () => {
        const process = {};
        const starter: WorkflowStarter = {
          send(row) {
            now += 1;
            const beganAt = now;
            return new Promise<void>((resolve, reject) => {
              const succeed = () => {
                taken.set(row.subjectId, Math.max(taken.get(row.subjectId) ?? 0, beganAt));
                resolve();
              };
              pending.push({
                process,
                send: { row, succeed, fail: () => reject(new Error('Temporal is gone')) },
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
            unsent.push(await table.write(subjectId));
            now += 1;
            written.push({ subjectId, at: now });
            break;
          }
          case 'dispatch': {
            const [row] = unsent.splice(next.which % Math.max(unsent.length, 1), 1);
            if (row !== undefined) running.sender.dispatch(row);
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
            await table.pass(next.ms);
            break;
        }
        await rest();
      }

      // From here on Temporal is well, and the schedule runs its relay.
      while (pending.length > 0) {
        for (const { send } of pending.splice(0)) send.fail();
        await rest();
      }
      const sent: OutboxRow[] = [];
      const { outbox } = outboxWith({
        send: async (row) => {
          now += 1;
          taken.set(row.subjectId, now);
          sent.push(row);
        },
        sendBacklogArticle: async () => undefined,
      });
      await table.pass(leaseOver);
      await outbox.relay();

      expect(await table.rows()).toEqual([]);
      for (const { subjectId, at } of written) {
        expect(taken.get(subjectId) ?? 0, `the change written at ${at}`).toBeGreaterThan(at);
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);

/** The rows of the outbox: what these facts write into them and read from them. */
function openTable(test: TestServices, tenant: TestTenant) {
  /** Commits a row as a process does that dies, or has not come yet, to send it. */
  const write = (subjectId: string, of = tenant) =>
    test.services.database.withTenant(of.id, (tx) =>
      insertRow(tx, of.id, { tenantId: of.id, kind: 'article', subjectId }),
    );
  const pass = (ms: number) =>
    test.db.rawAsOwner(
      `update outbox set created_at = created_at - $1 * interval '1 millisecond',
                       leased_until = leased_until - $1 * interval '1 millisecond'`,
      [ms],
    );
  const rows = (): Promise<Record<string, unknown>[]> =>
    test.db.rawAsOwner('select subject_id, version::text from outbox order by subject_id');
  const entry = () => ({ tenantId: tenant.id, kind: 'article' as const, subjectId: randomUUID() });
  return { write, pass, rows, entry };
}

const log = createLogger({ level: 'silent', process: 'test' });

/** Makes outboxes over a starter, each with a way to let it come to rest. */
const outboxesOver = (real: Database) => (starter: WorkflowStarter) => {
  const { database, busy } = watched(real);
  const sender = createSender({ database, starter, signals: createSignalShare(), log });
  return {
    sender,
    outbox: createOutboxService({ database, sender }),
    async rest() {
      do {
        await immediate();
        await immediate();
      } while (busy());
    },
  };
};

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
      withTenantUnsynced: (tenantId, work) => count(database.withTenantUnsynced(tenantId, work)),
      withScope: (scope, work) => count(database.withScope(scope, work)),
    },
    busy: () => underWay > 0,
  };
}

interface Send {
  readonly row: OutboxRow;
  succeed(): void;
  fail(): void;
}

/** Sends that hang until the test ends them. */
function heldSends() {
  const pending: Send[] = [];
  const send = (row: OutboxRow) =>
    new Promise<void>((resolve, reject) => {
      pending.push({ row, succeed: resolve, fail: () => reject(new Error('Temporal is gone')) });
    });
  return { pending, starter: { send, sendBacklogArticle: async () => undefined } };
}

const sentTo = (sent: OutboxRow[]): WorkflowStarter => ({
  send: async (row) => void sent.push(row),
  sendBacklogArticle: async () => undefined,
});
const refusing: WorkflowStarter = {
  send: async () => {
    throw new Error('Temporal is gone');
  },
  sendBacklogArticle: async () => undefined,
};
