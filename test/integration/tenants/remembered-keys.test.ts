import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, vi } from 'vitest';
import { createAudit } from '../../../src/audit/service.ts';
import { createDatabase, type Database } from '../../../src/platform/postgres/database.ts';
import { createTenants, type IssuedApiKey } from '../../../src/tenants/service.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { createSilentLink } from '../../support/silent-link.ts';
import type { TestDatabase } from '../../support/test-database.ts';

// Two processes of one database: what one of them changes, the other hears of.
const test = factsOfDatabase()
  .extend('here', ({ db }, { onCleanup }) => startProcess(db, onCleanup))
  .extend('there', ({ db }, { onCleanup }) => startProcess(db, onCleanup))
  .extend('silenced', ({ db }, { onCleanup }) => startBehindLink(db, onCleanup));

describe('a key that has logged in', () => {
  test('logs in again without a look-up', async ({ here }) => {
    const { key } = await here.newKey();
    await here.remembers(key);
    const before = here.lookUps();
    await Promise.all(Array.from({ length: 50 }, () => here.tenants.authenticate(key.key)));
    expect(here.lookUps()).toBe(before);
  });

  test('is refused by its own process as soon as it is revoked, under load', async ({ here }) => {
    const { key, actor } = await here.newKey();
    await here.remembers(key);
    const load = here.hammer(key);
    await here.tenants.revokeApiKey(actor, key.id);
    expect(await here.tenants.authenticate(key.key)).toBeUndefined();
    expect(await load.stop()).toBe('refused at the end');
  });

  test('is refused by another process as soon as that has heard of it, under load', async ({
    here,
    there,
  }) => {
    const { key, actor } = await here.newKey();
    await there.remembers(key);
    const load = there.hammer(key);
    await here.tenants.revokeApiKey(actor, key.id);
    // Far less than the seconds that a holder is remembered for.
    await vi.waitFor(async () => expect(await there.tenants.authenticate(key.key)).toBeUndefined(), {
      timeout: 2_000,
      interval: 5,
    });
    expect(await load.stop()).toBe('refused at the end');
  });

  test('is found by its new label in another process', async ({ here, there }) => {
    const { key, actor } = await here.newKey();
    await there.remembers(key);
    await here.tenants.updateApiKey(actor, key.id, { label: 'renamed' });
    await vi.waitFor(async () => expect((await there.tenants.authenticate(key.key))?.label).toBe('renamed'), {
      timeout: 2_000,
      interval: 5,
    });
  });

  test('is refused once it expires, without any announcement', async ({ here }) => {
    const { key } = await here.newKey(new Date(Date.now() + 1_500));
    await here.remembers(key);
    await vi.waitFor(async () => expect(await here.tenants.authenticate(key.key)).toBeUndefined(), {
      timeout: 3_000,
      interval: 20,
    });
    expect(Date.now()).toBeLessThan((key.expiresAt?.getTime() ?? 0) + 1_000);
  });

  test('has the time of its use written again once a minute is over', async ({ db, here }) => {
    const { key } = await here.newKey();
    await here.remembers(key);
    await here.tenants.settled();
    await db.rawAsOwner(
      `update api_keys set last_used_at = last_used_at - interval '2 minutes' where id = '${key.id}'`,
    );
    await vi.waitFor(
      async () => {
        await here.tenants.authenticate(key.key);
        await here.tenants.settled();
        const [row] = await db.rawAsOwner(
          `select last_used_at > now() - interval '1 minute' as fresh from api_keys where id = '${key.id}'`,
        );
        expect(row?.fresh).toBe(true);
      },
      { timeout: 9_000, interval: 200 },
    );
  });
});

describe('where changes of keys may be missed', () => {
  test('nothing is remembered any more, and a key revoked meanwhile is refused', async ({
    db,
    here,
    there,
  }) => {
    const { key, actor } = await here.newKey();
    await there.remembers(key);
    await db.rawAsOwner(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query like 'notify beat_%' and pid <> pg_backend_pid()`,
    );
    await here.tenants.revokeApiKey(actor, key.id);
    await vi.waitFor(async () => expect(await there.tenants.authenticate(key.key)).toBeUndefined(), {
      timeout: 1_000,
      interval: 5,
    });
    // The connection is made anew, and keys are remembered again.
    const other = await here.newKey();
    await there.remembers(other.key);
  });

  test('because the network has fallen silent, a revoked key is refused within seconds', async ({
    here,
    silenced,
  }) => {
    const { key, actor } = await here.newKey();
    await silenced.process.remembers(key);
    silenced.silence();
    const revokedAtMs = performance.now();
    await here.tenants.revokeApiKey(actor, key.id);
    await vi.waitFor(
      async () => expect(await silenced.process.tenants.authenticate(key.key)).toBeUndefined(),
      { timeout: 6_000, interval: 20 },
    );
    expect(performance.now() - revokedAtMs).toBeLessThan(5_500);
  });

  test('because an announcement was lost, a revoked key is refused after the seconds of memory', async ({
    db,
    here,
  }) => {
    const { key } = await here.newKey();
    await here.remembers(key);
    const revokedAtMs = performance.now();
    await db.rawAsOwner(
      `set session_replication_role = replica; update api_keys set revoked_at = now() where id = '${key.id}'`,
    );
    expect(await here.tenants.authenticate(key.key)).toBeDefined();
    await vi.waitFor(async () => expect(await here.tenants.authenticate(key.key)).toBeUndefined(), {
      timeout: 7_000,
      interval: 20,
    });
    expect(performance.now() - revokedAtMs).toBeLessThan(6_000);
  });

  test('every log-in reads the database', async ({ db, here }) => {
    const plain = createTenants({ database: db.database, audit: createAudit({ database: db.database }) });
    const { key, actor } = await here.newKey();
    expect(await plain.authenticate(key.key)).toBeDefined();
    await here.tenants.revokeApiKey(actor, key.id);
    expect(await plain.authenticate(key.key)).toBeUndefined();
    await plain.settled();
  });
});

test('an announcement names the key by its id and tells nothing else, and none is made of a use', async ({
  db,
  here,
}) => {
  const { key, actor } = await here.newKey();
  const heard: string[] = [];
  const { startListener } = await import('../../../src/platform/postgres/listener.ts');
  let isUp = false;
  const listener = startListener({
    ...{ url: db.applicationUrl, applicationName: 'lorekeep-test', channel: 'api_key_changed' },
    onNotification: (payload) => heard.push(payload),
    onUp: () => {
      isUp = true;
    },
    onDown: () => undefined,
  });
  try {
    await vi.waitFor(() => expect(isUp).toBe(true), { timeout: 3_000, interval: 5 });
    await here.tenants.authenticate(key.key);
    await here.tenants.settled();
    await here.tenants.updateApiKey(actor, key.id, { dailyTokenBudget: 5 });
    await here.tenants.revokeApiKey(actor, key.id);
    await vi.waitFor(() => expect(heard).toHaveLength(2), { timeout: 2_000, interval: 5 });
    expect(heard).toEqual([key.id, key.id]);
  } finally {
    listener.close();
  }
});

type OnCleanup = (cleanup: () => Promise<void>) => void;

/** The tenants of a process, whose look-ups are counted; announcements may come by another way. */
function startProcess(db: TestDatabase, onCleanup: OnCleanup, listenUrl = db.applicationUrl) {
  const own = createDatabase({ url: db.applicationUrl, poolSize: 8, applicationName: 'lorekeep-test' });
  let lookUps = 0;
  const database: Database = {
    ...own,
    withApiKeyHash(hash, work, origin) {
      lookUps += 1;
      return own.withApiKeyHash(hash, work, origin);
    },
  };
  const tenants = createTenants({
    database,
    keyChanges: { url: listenUrl, applicationName: 'lorekeep-test' },
    audit: createAudit({ database }),
  });
  onCleanup(async () => {
    tenants.stopListening();
    await tenants.settled();
    await own.close();
  });

  return {
    tenants,
    lookUps: () => lookUps,
    /** A key of a new tenant that may be revoked, and an actor that may do it. */
    async newKey(expiresAt: Date | null = null) {
      const creation = await tenants.createTenant(
        { tenantId: randomUUID(), keyId: null, label: 'test', role: 'superadmin' },
        { slug: `t-${randomUUID()}`, name: 'Tenant' },
      );
      if (creation.kind !== 'created') throw new Error(creation.kind);
      const { id: tenantId } = creation.tenant;
      const actor = { tenantId, keyId: creation.keys.user.id, label: 'user', role: 'user' } as const;
      const made = await tenants.createApiKey(actor, tenantId, { label: 'one', role: 'agent', expiresAt });
      if (made.kind !== 'created') throw new Error(made.kind);
      return { key: made.apiKey, actor };
    },
    /** Resolves once two log-ins in a row need one look-up at most. */
    async remembers({ key }: IssuedApiKey) {
      await vi.waitFor(
        async () => {
          expect(await tenants.authenticate(key)).toBeDefined();
          const before = lookUps;
          expect(await tenants.authenticate(key)).toBeDefined();
          expect(lookUps).toBe(before);
        },
        { timeout: 5_000, interval: 20 },
      );
    },
    /** Logs in without a pause; once refused, it is never let in again. */
    hammer({ key }: IssuedApiKey) {
      let stopped = false;
      const run = async () => {
        let refused = false;
        while (!stopped) {
          const actor = await tenants.authenticate(key);
          if (actor !== undefined && refused) return 'let in after a refusal';
          refused ||= actor === undefined;
          await delay(0);
        }
        return refused ? 'refused at the end' : 'never refused';
      };
      const runs = Promise.all(Array.from({ length: 8 }, run));
      return {
        async stop() {
          await delay(50);
          stopped = true;
          const ends = new Set(await runs);
          return ends.size === 1 ? [...ends][0] : [...ends].join(', ');
        },
      };
    },
  };
}

async function startBehindLink(db: TestDatabase, onCleanup: OnCleanup) {
  const link = await createSilentLink(db.applicationUrl);
  const cleanups: (() => Promise<void>)[] = [() => link.close()];
  onCleanup(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });
  const process = startProcess(db, (cleanup) => cleanups.push(cleanup), link.url);
  return { process, silence: link.silence };
}
