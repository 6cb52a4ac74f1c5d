import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cancelledBy, uncancelled } from '../../../src/platform/async/cancellation.ts';
import {
  createDatabase,
  type Database,
  type DatabaseOptions,
} from '../../../src/platform/postgres/database.ts';
import { createShare } from '../../../src/platform/shares/share.ts';
import { createConnectionShares } from '../../../src/platform/shares/shares.ts';
import { createSilentLink, type SilentLink } from '../../support/silent-link.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';
import { waitUntil } from '../../support/wait-until.ts';

let db: TestDatabase;
const opened: Database[] = [];
const links: SilentLink[] = [];

beforeAll(async () => {
  db = await createTestDatabase({ poolSize: 1 });
});
afterAll(async () => {
  await Promise.allSettled(opened.map((database) => database.close()));
  for (const link of links) await link.close();
  await db.drop();
});

describe('the connections of a pool', () => {
  test('are held by one tenant up to its part, and another finds one at once', async () => {
    const database = open({ poolSize: 10 });
    const one = randomUUID();
    const hogs = Array.from({ length: 20 }, () => sleep(database, one, 0.4));
    const { ms } = await timed(sleep(database, randomUUID(), 0));
    expect(ms).toBeLessThan(350);
    await Promise.all(hogs);
  });

  test('that a tenant waits for too long are DatabaseUnavailable, and neither do its requests stay in the queue', async () => {
    const tenants = createShare({ name: 'c', total: 2, perTenant: 1, maxWaiting: 1, waitMs: 50 });
    const database = open({ shares: { ...createConnectionShares(4), tenants } });
    const one = randomUUID();
    const hog = sleep(database, one, 0.5);
    const waiting = failureOf(sleep(database, one, 0));
    expect(await failureOf(sleep(database, one, 0))).toBe('share_in_use');
    expect(await waiting).toBe('share_in_use');
    expect([tenants.inUse, tenants.waiting]).toEqual([1, 0]);
    await hog;
    await sleep(database, one, 0);
    expect(tenants.inUse).toBe(0);
  });

  test('are there for log-ins and for the platform, however many tenants wait', async () => {
    const database = open({ poolSize: 10 });
    const hogs = Array.from({ length: 30 }, () => sleep(database, randomUUID(), 1));
    const hash = '00'.repeat(32);
    const others = [
      database.withApiKeyHash(hash, (tx) => tx.raw('select 1')),
      database.withScope('metrics', (tx) => tx.raw('select 1')),
      database.withScope('reconcile', (tx) => tx.raw('select 1')),
      database.isReady(),
    ];
    for (const { ms } of await Promise.all(others.map(timed))) expect(ms).toBeLessThan(950);
    await Promise.all(hogs);
  });

  test('that cannot be made are DatabaseUnavailable, and hold no slot', async () => {
    const shares = createConnectionShares(4);
    const database = open({ url: 'postgres://nobody@127.0.0.1:1/none', shares });
    expect(await failureOf(sleep(database, randomUUID(), 0))).toBe('no_connection');
    expect(await database.isReady()).toBe(false);
    expect([shares.tenants.inUse, shares.platform.inUse]).toEqual([0, 0]);
  });
});

describe('a statement', () => {
  test('ends after its time, and its connection goes on', async () => {
    const database = open({ poolSize: 1, statementTimeoutMs: 200 });
    const one = randomUUID();
    const before = await pidOf(database, one);
    const { result, ms } = await timed(failureOf(sleep(database, one, 20)));
    expect(result).toBe('ended_by_server');
    expect(ms).toBeLessThan(2_000);
    expect(await pidOf(database, one)).toBe(before);
  });

  test('waits for a lock for half of that', async () => {
    const database = open({ poolSize: 8, statementTimeoutMs: 2_000 });
    const id = randomUUID();
    await database.withTenant(id, (tx) => tx('tenants').insert({ id, slug: `t-${id}`, name: 'T' }));
    const lock = () => database.withTenant(id, (tx) => tx('tenants').where({ id }).forUpdate().first('id'));
    const holder = database.withTenant(id, async (tx) => {
      await tx('tenants').where({ id }).forUpdate().first('id');
      await tx.raw('select pg_sleep(1.8)');
    });
    await delay(100);
    const { result, ms } = await timed(failureOf(lock()));
    expect(result).toBe('ended_by_server');
    expect(ms).toBeGreaterThan(900);
    expect(ms).toBeLessThan(1_600);
    await holder;
  });

  test('that nobody sends for too long ends its transaction', async () => {
    const database = open({ poolSize: 1, statementTimeoutMs: 200 });
    const one = randomUUID();
    const dawdling = database.withTenant(one, async (tx) => {
      await tx.raw('select 1');
      await delay(1_000);
      await tx.raw('select 2');
    });
    expect(await failureOf(dawdling)).toMatch(/connection_lost|ended_by_server/);
    await sleep(database, one, 0);
  });
});

describe('a request that has ended', () => {
  test('cancels its statement, and leaves a connection that works', async () => {
    const database = open({ poolSize: 1 });
    const one = randomUUID();
    const before = await pidOf(database, one);
    for (let i = 0; i < 10; i += 1) {
      const gone = new AbortController();
      const abandoned = cancelledBy(gone.signal, () => sleep(database, one, 31));
      await waitUntil(async () => (await running('pg_sleep')) === 1);
      gone.abort();
      const { result, ms } = await timed(failureOf(abandoned));
      expect(result).toBe('RequestEnded');
      expect(ms).toBeLessThan(1_500);
      expect(await running('pg_sleep')).toBe(0);
      // The one after it is not met by the request to cancel.
      await sleep(database, one, 0.02);
    }
    expect(await pidOf(database, one)).toBe(before);
  });

  test('writes nothing, sends nothing more and runs nothing after a commit', async () => {
    const database = open({ poolSize: 1 });
    const id = randomUUID();
    const gone = new AbortController();
    let ran = false;
    const abandoned = cancelledBy(gone.signal, () =>
      database.withTenant(id, async (tx) => {
        tx.afterCommit(() => {
          ran = true;
        });
        await tx('tenants').insert({ id, slug: `t-${id}`, name: 'T' });
        gone.abort();
        // As one that catches what it meets and goes on.
        await tx.raw('select 1').catch(() => undefined);
      }),
    );
    expect(await failureOf(abandoned)).toBe('RequestEnded');
    expect(await db.rawAsOwner('select 1 from tenants where id = $1', [id])).toEqual([]);
    expect(ran).toBe(false);
  });

  test('waits for no connection, and takes none', async () => {
    const tenants = createShare({ name: 'c', total: 1, perTenant: 1, maxWaiting: 9, waitMs: 60_000 });
    const database = open({ shares: { ...createConnectionShares(4), tenants } });
    const one = randomUUID();
    const gone = new AbortController();
    const hog = sleep(database, one, 0.4);
    const waiting = failureOf(cancelledBy(gone.signal, () => sleep(database, one, 0)));
    gone.abort();
    expect(await Promise.race([waiting, delay(200, 'waits')])).toBe('RequestEnded');
    expect(await failureOf(cancelledBy(gone.signal, () => sleep(database, randomUUID(), 0)))).toBe(
      'RequestEnded',
    );
    await hog;
    expect([tenants.inUse, tenants.waiting]).toEqual([0, 0]);
  });

  test('does not end what goes on without it', async () => {
    const database = open({ poolSize: 1 });
    const gone = new AbortController();
    const kept = cancelledBy(gone.signal, () => uncancelled(() => sleep(database, randomUUID(), 0.3)));
    await delay(100);
    gone.abort();
    expect(await failureOf(kept)).toBe('nothing');
  });

  test('after its commit has ended as it did', async () => {
    const database = open({ poolSize: 1 });
    const id = randomUUID();
    const gone = new AbortController();
    await cancelledBy(gone.signal, () =>
      database.withTenant(id, (tx) => tx('tenants').insert({ id, slug: `t-${id}`, name: 'T' })),
    );
    gone.abort();
    expect(await db.rawAsOwner('select 1 as found from tenants where id = $1', [id])).toEqual([{ found: 1 }]);
  });
});

describe('connections that fall silent', () => {
  test('fail the first request within 5 s, and no further one', async () => {
    const { database, link } = await openBehindLink(6);
    link.silence();
    const first = await timed(failureOf(sleep(database, randomUUID(), 0)));
    expect(first.result).toBe('connection_lost');
    expect(first.ms).toBeLessThan(6_000);
    const next = await Promise.all(
      Array.from({ length: 6 }, () => timed(failureOf(sleep(database, randomUUID(), 0)))),
    );
    for (const { result, ms } of next) {
      expect(result).toBe('nothing');
      expect(ms).toBeLessThan(2_000);
    }
    expect(await database.isReady()).toBe(true);
  });

  test('fail a statement under way a little after its own limit', async () => {
    const { database, link } = await openBehindLink(1, { statementTimeoutMs: 1_000 });
    const lost = timed(failureOf(sleep(database, randomUUID(), 0.8)));
    await delay(200);
    link.silence();
    const { result, ms } = await lost;
    expect(result).toBe('connection_lost');
    expect(ms).toBeGreaterThan(2_500);
    expect(ms).toBeLessThan(5_000);
    await sleep(database, randomUUID(), 0);
  });

  test('are not taken for lost while one statement after the other is answered', async () => {
    const database = open({ poolSize: 1, statementTimeoutMs: 1_000 });
    const reading = database.withTenant(randomUUID(), (tx) =>
      Promise.all(Array.from({ length: 6 }, () => tx.raw('select pg_sleep(0.7)'))),
    );
    expect(await failureOf(reading)).toBe('nothing');
  });

  test('are not taken for lost while this process is busy', async () => {
    const database = open({ poolSize: 1 });
    const reading = database.withTenant(randomUUID(), async (tx) => {
      // Longer than the answer to `begin` may take, which leaves when the work lets go.
      const until = performance.now() + 4_500;
      while (performance.now() < until);
      await tx.raw('select 1');
    });
    expect(await failureOf(reading)).toBe('nothing');
  });
});

describe('a database that is closed', () => {
  test('waits for the transactions under way', async () => {
    const database = open();
    const last = failureOf(sleep(database, randomUUID(), 0.5));
    await delay(100);
    expect(await database.close()).toBe(0);
    expect(await last).toBe('nothing');
  });

  test.each(['that hangs', 'on a connection that is silent'])(
    'breaks a statement %s after 3 s, and says how many they were',
    async (how) => {
      const { database, link } = await openBehindLink(3);
      const lost = failureOf(sleep(database, randomUUID(), 25));
      await delay(200);
      if (how.endsWith('silent')) link.silence();
      const { result, ms } = await timed(database.close());
      expect(result).toBe(1);
      expect(ms).toBeLessThan(5_000);
      expect(await lost).toBe('connection_lost');
    },
  );
});

function open(options: Partial<DatabaseOptions> = {}): Database {
  const database = createDatabase({
    url: db.applicationUrl,
    poolSize: 4,
    applicationName: `deadlines-${randomUUID()}`,
    ...options,
  });
  opened.push(database);
  return database;
}

/** A database behind a link that can fall silent, with this many connections at rest. */
async function openBehindLink(resting: number, options: Partial<DatabaseOptions> = {}) {
  const link = await createSilentLink(db.applicationUrl);
  links.push(link);
  const database = open({ url: link.url, poolSize: 20, ...options });
  await Promise.all(Array.from({ length: resting }, () => sleep(database, randomUUID(), 0.2)));
  expect(link.connections).toBe(resting);
  return { database, link };
}

const sleep = (database: Database, tenantId: string, seconds: number) =>
  database.withTenant(tenantId, (tx) => tx.raw('select pg_sleep(?)', [seconds]));
const pidOf = (database: Database, tenantId: string) =>
  database.withTenant(tenantId, async (tx) => {
    const { rows } = await tx.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
    return rows[0]?.pid;
  });
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing',
    (error: Error & { reason?: string }) => error.reason ?? error.name,
  );
async function timed<T>(work: Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const startedAt = performance.now();
  return { result: await work, ms: performance.now() - startedAt };
}
/** Statements that the server is still working on. */
const running = async (sql: string) =>
  (
    await db.rawAsOwner(
      `select pid from pg_stat_activity where state = 'active' and query like $1 and pid <> pg_backend_pid()`,
      [`%${sql}%`],
    )
  ).length;
