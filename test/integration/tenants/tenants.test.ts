import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { createAudit } from '../../../src/audit/service.ts';
import type { Actor } from '../../../src/domain/actor.ts';
import { type CreatedTenant, createTenants, type Tenants } from '../../../src/tenants/service.ts';
import { factsOfDatabase } from '../../support/fixtures.ts';
import type { TestDatabase } from '../../support/test-database.ts';

const test = factsOfDatabase()
  .extend('audit', { scope: 'file' }, ({ db }) => createAudit({ database: db.database }))
  .extend('tenants', { scope: 'file' }, ({ db, audit }, { onCleanup }) => {
    const tenants = createTenants({ database: db.database, audit });
    onCleanup(async () => {
      await tenants.settled();
    });
    return tenants;
  })
  .extend('accounts', { scope: 'file' }, ({ db, tenants }) => openAccounts(db, tenants))
  .extend('created', ({ accounts }) => accounts.newTenant());
const operator: Actor = {
  tenantId: '00000000-0000-0000-0000-000000000000',
  keyId: null,
  label: 'test',
  role: 'superadmin',
};

describe('a new tenant', () => {
  test('has one key per role, each of which logs in as that role of that tenant', async ({
    tenants,
    created,
  }) => {
    const { tenant, keys } = created;
    for (const role of ['agent', 'orchestrator', 'user'] as const) {
      expect(await tenants.authenticate(keys[role].key)).toEqual({
        tenantId: tenant.id,
        keyId: keys[role].id,
        label: role,
        role,
      });
    }
  });

  test('says in its own log who made it', async ({ audit, created }) => {
    const { tenant } = created;
    const rows = await audit.list(tenant.id, { limit: 10 });
    expect(rows.map(({ action }) => action).sort()).toEqual([
      'api_key.created',
      'api_key.created',
      'api_key.created',
      'tenant.created',
    ]);
    expect(new Set(rows.map(({ actor }) => actor.role))).toEqual(new Set(['superadmin']));
  });

  test('whose slug is taken is refused, and nothing of it stays', async ({ tenants, created }) => {
    const { tenant } = created;
    expect(await tenants.createTenant(operator, { slug: tenant.slug, name: 'Other' })).toEqual({
      kind: 'slug_taken',
    });
  });

  test('is made once when twenty ask for the same slug at once', async ({ tenants }) => {
    const slug = `race-${randomUUID()}`;
    const made = await Promise.all(
      Array.from({ length: 20 }, () => tenants.createTenant(operator, { slug, name: 'Race' })),
    );
    expect(made.filter(({ kind }) => kind === 'created')).toHaveLength(1);
  });

  test('is not made when the step after the write fails', async ({ tenants }) => {
    const slug = `undone-${randomUUID()}`;
    const failing = async () => {
      throw new Error('the step failed');
    };
    await expect(tenants.createTenant(operator, { slug, name: 'Undone' }, failing)).rejects.toThrow();
    expect(await tenants.createTenant(operator, { slug, name: 'Done' })).toMatchObject({ kind: 'created' });
  });
});

describe('authentication', () => {
  test('knows no key that was not issued', async ({ tenants }) => {
    expect(await tenants.authenticate(`lk_${'a'.repeat(43)}`)).toBeUndefined();
    expect(await tenants.authenticate('lk_short')).toBeUndefined();
    expect(await tenants.authenticate('')).toBeUndefined();
  });

  test('refuses a key from the moment it expires', async ({ tenants, created, accounts }) => {
    const { actor } = created;
    const key = await accounts.issue(actor, 'agent', new Date(Date.now() + 3_600_000));
    expect(await tenants.authenticate(key.key)).toBeDefined();
    await accounts.age(actor.tenantId, key.id, 'expires_at', 0);
    expect(await tenants.authenticate(key.key)).toBeUndefined();
  });

  test('refuses a revoked key at once, in another process too', async ({ db, audit, tenants, created }) => {
    const { actor, keys } = created;
    const otherProcess = createTenants({ database: db.database, audit });
    expect(await otherProcess.authenticate(keys.agent.key)).toBeDefined();
    expect(await tenants.revokeApiKey(actor, keys.agent.id)).toEqual({ kind: 'revoked' });
    expect(await otherProcess.authenticate(keys.agent.key)).toBeUndefined();
    expect(await tenants.authenticate(keys.agent.key)).toBeUndefined();
    await otherProcess.settled();
  });

  test('writes the time of use at most once a minute', async ({ tenants, created, accounts }) => {
    const { tenant, keys } = created;
    const { key, id } = keys.agent;
    await Promise.all(Array.from({ length: 10 }, () => tenants.authenticate(key)));
    await tenants.settled();
    const first = await accounts.lastUsed(tenant.id, id);
    expect(first).toBeDefined();

    await accounts.age(tenant.id, id, 'last_used_at', 50);
    const within = await accounts.lastUsed(tenant.id, id);
    await tenants.authenticate(key);
    await tenants.settled();
    expect(await accounts.lastUsed(tenant.id, id)).toBe(within);

    await accounts.age(tenant.id, id, 'last_used_at', 61);
    const stale = await accounts.lastUsed(tenant.id, id);
    await tenants.authenticate(key);
    await tenants.settled();
    expect(await accounts.lastUsed(tenant.id, id)).toBeGreaterThan((stale ?? 0) + 60_000);
  });

  test('answers although the time of use cannot be written', async ({
    db,
    audit,
    tenants,
    created,
    accounts,
  }) => {
    const { keys } = created;
    const refused: unknown[] = [];
    const readOnly = createTenants({
      database: {
        ...db.database,
        withTenantUnsynced: async () => {
          throw new Error('no write');
        },
      },
      audit,
      onUseNotRecorded: (error) => refused.push(error),
    });
    expect(await readOnly.authenticate(keys.user.key)).toMatchObject({ role: 'user' });
    await tenants.settled();
    await accounts.age(
      (await tenants.authenticate(keys.user.key))?.tenantId ?? '',
      keys.user.id,
      'last_used_at',
      61,
    );
    expect(await readOnly.authenticate(keys.user.key)).toMatchObject({ role: 'user' });
    await readOnly.settled();
    expect(refused).toHaveLength(1);
  });
});

describe('API keys', () => {
  test('are listed newest first, in pages that neither repeat nor miss one', async ({
    tenants,
    created,
    accounts,
  }) => {
    const { actor } = created;
    for (let made = 0; made < 5; made += 1) await accounts.issue(actor, 'agent');
    const all = await tenants.listApiKeys(actor.tenantId, { limit: 100 });
    expect(all).toHaveLength(8);
    const paged = [];
    let afterId: string | undefined;
    do {
      const page = await tenants.listApiKeys(actor.tenantId, { limit: 3, afterId });
      paged.push(...page);
      afterId = page.at(-1)?.id;
    } while (afterId !== undefined);
    expect(paged).toEqual(all);
  });

  test.for([
    ['agent', 'orchestrator'],
    ['agent', 'user'],
    ['orchestrator', 'user'],
  ] as const)('of role %s cannot make one of role %s', async ([own, asked], { tenants, created }) => {
    const { actor } = created;
    expect(
      await tenants.createApiKey({ ...actor, role: own }, actor.tenantId, {
        label: 'higher',
        role: asked,
        expiresAt: null,
      }),
    ).toEqual({ kind: 'role_too_high' });
  });

  test('cannot be made for a tenant that does not exist', async ({ tenants }) => {
    const request = { label: 'lost', role: 'agent', expiresAt: null } as const;
    expect(await tenants.createApiKey(operator, randomUUID(), request)).toEqual({ kind: 'no_such_tenant' });
  });

  test('of another tenant do not exist for revocation', async ({ tenants, accounts }) => {
    const one = await accounts.newTenant();
    const other = await accounts.newTenant();
    expect(await tenants.revokeApiKey(one.actor, other.keys.agent.id)).toEqual({ kind: 'no_such_key' });
    expect(await tenants.authenticate(other.keys.agent.key)).toBeDefined();
  });

  test('are revoked once: a repetition changes nothing and is not logged', async ({
    audit,
    tenants,
    created,
  }) => {
    const { actor, keys } = created;
    await tenants.revokeApiKey(actor, keys.agent.id);
    expect(await tenants.revokeApiKey(actor, keys.agent.id)).toEqual({ kind: 'revoked' });
    const rows = await audit.list(actor.tenantId, { action: 'api_key.revoked', limit: 10 });
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      subject: { kind: 'api_key', id: keys.agent.id },
      actor: { keyId: keys.user.id },
    });
  });

  test('the last active one of role user cannot be revoked', async ({ tenants, created, accounts }) => {
    const { actor, keys } = created;
    expect(await tenants.revokeApiKey(actor, keys.user.id)).toEqual({ kind: 'last_user_key' });
    const second = await accounts.issue(actor, 'user');
    await accounts.age(actor.tenantId, second.id, 'expires_at', 1);
    expect(await tenants.revokeApiKey(actor, keys.user.id)).toEqual({ kind: 'last_user_key' });
    // The expired one opens nothing: to revoke it locks nobody out.
    expect(await tenants.revokeApiKey(actor, second.id)).toEqual({ kind: 'revoked' });
    await accounts.issue(actor, 'user');
    expect(await tenants.revokeApiKey(actor, keys.user.id)).toEqual({ kind: 'revoked' });
  });

  test('one of the last two of role user survives when both are revoked at once', async ({
    tenants,
    created,
    accounts,
  }) => {
    const { actor, keys } = created;
    const second = await accounts.issue(actor, 'user');
    const revocations = await Promise.all([
      tenants.revokeApiKey(actor, keys.user.id),
      tenants.revokeApiKey(actor, second.id),
    ]);
    expect(revocations.map(({ kind }) => kind).sort()).toEqual(['last_user_key', 'revoked']);
  });
});

describe('the tables', () => {
  test('hold no key and no piece of one but its last four characters', async ({ db, created }) => {
    const { tenant, keys } = created;
    const dump = await db.database.withTenant(tenant.id, async (tx) =>
      JSON.stringify([
        await tx.raw('select t::text from tenants t'),
        await tx.raw('select k::text from api_keys k'),
        await tx.raw('select a::text from audit_log a'),
      ]),
    );
    for (const { key, hint } of Object.values(keys)) {
      expect(dump).toContain(hint);
      for (let at = 0; at + 8 <= key.length; at += 1) expect(dump).not.toContain(key.slice(at, at + 8));
    }
  });

  test('show nothing to the application’s login that has named no tenant', async ({ db, created }) => {
    const { tenant } = created;
    expect(await db.rawAsApplication('select * from tenants')).toEqual([]);
    expect(await db.rawAsApplication('select * from api_keys')).toEqual([]);
    expect(await db.rawAsApplication('select * from audit_log')).toEqual([]);
    await expect(
      db.rawAsApplication(
        `insert into audit_log (tenant_id, actor_label, actor_role, action, subject_kind, subject_id)
        values ($1, 'x', 'user', 'x', 'x', 'x')`,
        [tenant.id],
      ),
    ).rejects.toThrow(/row-level security/);
  });

  test('show one tenant nothing of another', async ({ db, accounts }) => {
    const one = await accounts.newTenant();
    const other = await accounts.newTenant();
    await db.database.withTenant(one.tenant.id, async (tx) => {
      expect(await tx('api_keys').where({ tenant_id: other.tenant.id })).toEqual([]);
      expect(await tx('tenants').where({ id: other.tenant.id })).toEqual([]);
      expect(await tx('audit_log').where({ tenant_id: other.tenant.id })).toEqual([]);
      expect(await tx('api_keys').where({ id: other.keys.user.id }).update({ role: 'user' })).toBe(0);
    });
  });
});

/** New tenants, and API keys of theirs. */
function openAccounts(db: TestDatabase, tenants: Tenants) {
  async function newTenant(): Promise<CreatedTenant & { readonly actor: Actor }> {
    const creation = await tenants.createTenant(operator, { slug: `t-${randomUUID()}`, name: 'Tenant' });
    if (creation.kind !== 'created') throw new Error('not created');
    const actor = await tenants.authenticate(creation.keys.user.key);
    if (actor === undefined) throw new Error('not authenticated');
    await tenants.settled();
    return { ...creation, actor };
  }

  /** Sets a time of a key to so many seconds ago. */
  const age = (tenantId: string, keyId: string, column: 'expires_at' | 'last_used_at', seconds: number) =>
    db.database.withTenant(tenantId, (tx) =>
      tx.raw('update api_keys set ?? = now() - make_interval(secs => ?) where id = ?', [
        column,
        seconds,
        keyId,
      ]),
    );

  /** When the key was last used, in milliseconds of the epoch. */
  const lastUsed = async (tenantId: string, keyId: string): Promise<number | undefined> => {
    const keys = await tenants.listApiKeys(tenantId, { limit: 100 });
    return keys.find(({ id }) => id === keyId)?.lastUsedAt?.getTime();
  };

  async function issue(actor: Actor, role: 'agent' | 'orchestrator' | 'user', expiresAt: Date | null = null) {
    const creation = await tenants.createApiKey(actor, actor.tenantId, { label: 'made', role, expiresAt });
    if (creation.kind !== 'created') throw new Error(creation.kind);
    return creation.apiKey;
  }

  return { newTenant, age, lastUsed, issue };
}
