import { randomBytes, randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { describe, expect, inject } from 'vitest';
import { createAudit } from '../../../src/audit/service.ts';
import type { Actor } from '../../../src/domain/actor.ts';
import type { Provider } from '../../../src/domain/operations.ts';
import { originOf } from '../../../src/domain/provider-target.ts';
import { createKeyCustody } from '../../../src/llm-config/custody.ts';
import { createLlmConfigMetrics } from '../../../src/llm-config/metrics.ts';
import { defaultAnthropicModels } from '../../../src/llm-config/models.ts';
import { createProviderKeys, type ProviderKeys } from '../../../src/llm-config/provider-keys.ts';
import {
  type BacklogRequests,
  createSettings,
  type Settings,
  type SettingsPatch,
} from '../../../src/llm-config/settings.ts';
import { createTransit } from '../../../src/platform/vault/transit.ts';
import { createTenants } from '../../../src/tenants/service.ts';
import { installationOf } from '../../support/catalogue.ts';
import { factsOfDatabase, linkToVault } from '../../support/fixtures.ts';
import type { TestDatabase } from '../../support/test-database.ts';

const test = factsOfDatabase({ poolSize: 20 })
  .extend('vault', { scope: 'file' }, linkToVault)
  .extend('settings', { scope: 'file' }, ({ db, vault }) => openSettings(db, vault.url))
  .extend('actor', ({ settings }) => settings.newActor());
const defaultModels = { embedding_model: 'default-embedding', ...defaultAnthropicModels };

describe('the view', () => {
  test('of a tenant that has set nothing shows the defaults as effective', async ({ settings }) => {
    const { tenantId } = await settings.newActor();
    expect(await settings.llmConfig.view(tenantId)).toEqual({
      has_api_key: false,
      api_key_hint: null,
      api_key_status: 'none',
      api_key_updated_at: null,
      has_embedding_key: false,
      embedding_api_key_hint: null,
      embedding_key_status: 'none',
      embedding_key_updated_at: null,
      embedding_provider: null,
      embedding_base_url: null,
      embedding_model: null,
      embedding_dimensions: null,
      rerank_model: null,
      extraction_model: null,
      classification_model: null,
      merge_model: null,
      monthly_token_budget: null,
      effective: {
        embedding_provider: 'default',
        embedding_base_url: 'http://127.0.0.1:9/v1',
        embedding_dimensions: null,
        rerank_model: null,
        ...defaultModels,
      },
      profile: expect.objectContaining({ encoding: 'float', found_at: null }),
    });
  });

  test('shows hints of both keys, the tenant’s models and its budget', async ({ actor, settings }) => {
    const [anthropicKey, embeddingKey] = [newKey(), newKey()];
    await settings.update(actor, {
      api_key: anthropicKey,
      embedding_api_key: embeddingKey,
      embedding_model: 'own-embedding',
      merge_model: 'own-merge',
      monthly_token_budget: 9_007_199_254_740_991,
    });
    expect(await settings.llmConfig.view(actor.tenantId)).toMatchObject({
      has_api_key: true,
      api_key_hint: `...${anthropicKey.slice(-4)}`,
      api_key_status: 'unverified',
      api_key_updated_at: expect.any(Date),
      has_embedding_key: true,
      embedding_api_key_hint: `...${embeddingKey.slice(-4)}`,
      embedding_key_status: 'unverified',
      embedding_model: 'own-embedding',
      extraction_model: null,
      monthly_token_budget: 9_007_199_254_740_991,
      effective: { ...defaultModels, embedding_model: 'own-embedding', merge_model: 'own-merge' },
    });
  });

  test('is read while Vault is gone', async ({ vault, actor, settings }) => {
    await settings.update(actor, { embedding_api_key: newKey() });
    await vault.cut();
    try {
      expect(await settings.startProcess().llmConfig.view(actor.tenantId)).toMatchObject({
        has_embedding_key: true,
      });
    } finally {
      await vault.restore();
    }
  });
});

describe('a change', () => {
  test('keeps what it does not name and clears what it names null', async ({ actor, settings }) => {
    await settings.update(actor, {
      embedding_api_key: newKey(),
      embedding_model: 'm1',
      monthly_token_budget: 5,
    });
    expect(await settings.update(actor, { embedding_model: null })).toMatchObject({
      has_embedding_key: true,
      embedding_model: null,
      monthly_token_budget: 5,
    });
    expect(
      await settings.update(actor, { embedding_api_key: null, monthly_token_budget: null }),
    ).toMatchObject({
      has_embedding_key: false,
      embedding_api_key_hint: null,
      embedding_key_status: 'none',
      monthly_token_budget: null,
    });
  });

  test('of nothing writes nothing', async ({ db, actor, settings }) => {
    const { tenantId } = actor;
    expect(await settings.update(actor, {})).toEqual(await settings.llmConfig.view(tenantId));
    expect(await settings.update(actor, { embedding_model: undefined })).toEqual(
      await settings.llmConfig.view(tenantId),
    );
    expect(await db.database.withTenant(tenantId, (tx) => tx('llm_settings'))).toEqual([]);
    expect(await settings.actions(tenantId)).toEqual([]);
  });

  test('to what is there already is not logged', async ({ actor, settings }) => {
    await settings.update(actor, { embedding_model: 'm1' });
    await settings.update(actor, { embedding_model: 'm1', api_key: null });
    expect(await settings.actions(actor.tenantId)).toEqual(['llm_config.updated']);
  });

  test('is logged with the acting key and the names of the fields', async ({ actor, settings }) => {
    await settings.update(actor, { embedding_api_key: newKey(), api_key: newKey(), merge_model: 'm1' });
    await settings.update(actor, { embedding_api_key: null });
    await settings.update(actor, { api_key: null });
    const rows = await settings.auditRows(actor.tenantId);
    expect(rows.map(({ action }) => action)).toEqual([
      'llm_config.updated',
      'llm_config.key_set',
      'llm_config.embedding_key_set',
      'llm_config.updated',
      'llm_config.embedding_key_removed',
      'llm_config.updated',
      'llm_config.key_removed',
    ]);
    expect(rows[0]?.details).toEqual({ fields: ['merge_model', 'api_key', 'embedding_api_key'] });
    for (const row of rows) {
      expect(row.actor).toEqual({ keyId: actor.keyId, label: 'the acting key', role: 'user', via: null });
      expect(row.subject).toEqual({ kind: 'llm_config', id: actor.tenantId });
    }
  });

  test('by twenty at once, the first ever, succeeds for each', async ({ actor, settings }) => {
    const keys = Array.from({ length: 20 }, newKey);
    const updates = await Promise.all(
      keys.map((key, at) =>
        settings.llmConfig.update(actor, { embedding_api_key: key, monthly_token_budget: at }),
      ),
    );
    expect(updates.map(({ kind }) => kind)).toEqual(Array.from({ length: 20 }, () => 'updated'));
    expect(await settings.current(actor.tenantId)).toMatchObject({ version: 20 });
    const opened = await settings.open(actor.tenantId);
    expect(keys).toContain(opened.kind === 'ok' ? opened.plaintext : undefined);
    // Hint and ciphertext are those of one and the same key.
    const view = await settings.llmConfig.view(actor.tenantId);
    expect(opened).toMatchObject({
      plaintext: expect.stringMatching(`${view.embedding_api_key_hint?.slice(3)}$`),
    });
    expect(
      (await settings.actions(actor.tenantId)).filter((name) => name === 'llm_config.embedding_key_set'),
    ).toHaveLength(20);
  });

  test('by one tenant is nothing to another', async ({ db, settings }) => {
    const [one, other] = [await settings.newActor(), await settings.newActor()];
    await settings.update(one, { embedding_api_key: newKey(), embedding_model: 'm1' });
    expect(await settings.llmConfig.view(other.tenantId)).toMatchObject({
      has_embedding_key: false,
      embedding_model: null,
    });
    await db.database.withTenant(other.tenantId, async (tx) => {
      expect(await settings.providerKeys.current(tx, one.tenantId, 'embedding')).toBeUndefined();
      expect(await tx('provider_keys').where({ tenant_id: one.tenantId })).toEqual([]);
      expect(await tx('llm_settings').where({ tenant_id: one.tenantId })).toEqual([]);
    });
    expect(await db.rawAsApplication('select * from provider_keys')).toEqual([]);
    expect(await db.rawAsApplication('select * from llm_settings')).toEqual([]);
  });

  test('with Vault gone stores nothing, of the other fields neither, and says so', async ({
    vault,
    actor,
    settings,
  }) => {
    await settings.update(actor, { embedding_api_key: newKey() });
    const before = await settings.current(actor.tenantId);
    const logged = await settings.actions(actor.tenantId);
    await vault.cut();
    try {
      for (const patch of [
        { embedding_api_key: newKey(), embedding_model: 'm1' },
        { api_key: newKey(), monthly_token_budget: 1 },
        { api_key: newKey(), embedding_api_key: null },
      ]) {
        expect(await settings.llmConfig.update(actor, patch)).toEqual({
          kind: 'failed',
          code: 'vault_unavailable',
        });
      }
      expect(await settings.update(actor, { merge_model: 'needs no Vault' })).toMatchObject({
        has_api_key: false,
      });
    } finally {
      await vault.restore();
    }
    // The change that needs no Vault is another revision of the settings.
    expect(await settings.current(actor.tenantId)).toEqual({ ...before, revision: expect.any(String) });
    expect(await settings.actions(actor.tenantId)).toEqual([...logged, 'llm_config.updated']);
  });

  test('leaves nothing behind when its transaction fails', async ({ actor, settings }) => {
    const { llmConfig: failing } = settings.startProcess(() => Promise.reject(new Error('no outbox')));
    const committedBefore = settings.committed.length;
    await expect(failing.update(actor, { embedding_api_key: newKey(), merge_model: 'm' })).rejects.toThrow();
    expect(await settings.current(actor.tenantId)).toBeUndefined();
    expect(await settings.actions(actor.tenantId)).toEqual([]);
    expect(settings.committed).toHaveLength(committedBefore);
  });
});

describe('a re-embedding', () => {
  test('is asked for by a first key, another key, another embedding model, provider, address and dimensions alone', async ({
    actor,
    settings,
  }) => {
    expect(await settings.asksAfter(actor, { embedding_api_key: newKey() })).toBe(true);
    expect(await settings.asksAfter(actor, { embedding_api_key: newKey() })).toBe(true);
    expect(await settings.asksAfter(actor, { embedding_model: 'm1' })).toBe(true);
    expect(await settings.asksAfter(actor, { embedding_model: 'm1' })).toBe(false);
    expect(await settings.asksAfter(actor, { embedding_model: null })).toBe(true);
    // The default by its name is the model that it was.
    expect(await settings.asksAfter(actor, { embedding_model: defaultModels.embedding_model })).toBe(false);
    expect(
      await settings.asksAfter(actor, { api_key: newKey(), merge_model: 'm2', monthly_token_budget: 7 }),
    ).toBe(false);
    expect(await settings.asksAfter(actor, { embedding_api_key: null })).toBe(false);
    expect(await settings.asksAfter(actor, { embedding_dimensions: 512 })).toBe(true);
    expect(await settings.asksAfter(actor, { embedding_provider: 'openai' })).toBe(true);
    expect(await settings.asksAfter(actor, { embedding_model: 'text-embedding-3-small' })).toBe(true);
    expect(await settings.asksAfter(actor, { embedding_base_url: 'https://eu.api.openai.com/v1' })).toBe(
      true,
    );
    expect(await settings.asksAfter(actor, { embedding_dimensions: null })).toBe(true);
    // The model's own dimensions by their number are those that it has unasked.
    expect(await settings.asksAfter(actor, { embedding_dimensions: 1536 })).toBe(false);
  });
});

describe('a stored key', () => {
  test('opens in a process that has never seen it', async ({ actor, settings }) => {
    const [anthropicKey, embeddingKey] = [newKey(), newKey()];
    await settings.update(actor, { api_key: anthropicKey, embedding_api_key: embeddingKey });
    expect(await settings.open(actor.tenantId, 'anthropic')).toEqual({ kind: 'ok', plaintext: anthropicKey });
    expect(await settings.open(actor.tenantId, 'embedding')).toEqual({ kind: 'ok', plaintext: embeddingKey });
  });

  test('moved to another tenant cannot be opened there', async ({ settings }) => {
    const [one, other] = [await settings.newActor(), await settings.newActor()];
    await settings.update(one, { embedding_api_key: newKey() });
    await settings.update(other, { embedding_api_key: newKey() });
    await settings.setCiphertext(
      other.tenantId,
      'embedding',
      (await settings.current(one.tenantId))?.ciphertext ?? '',
    );
    expect(await settings.open(other.tenantId)).toEqual({ kind: 'failed', code: 'key_unusable' });
    // Nor by a process that has opened it for its owner.
    const warm = settings.startProcess();
    expect(await settings.open(one.tenantId, 'embedding', warm)).toMatchObject({ kind: 'ok' });
    expect(await settings.open(other.tenantId, 'embedding', warm)).toEqual({
      kind: 'failed',
      code: 'key_unusable',
    });
  });

  test('moved to the other provider’s column cannot be opened there', async ({ actor, settings }) => {
    await settings.update(actor, { api_key: newKey(), embedding_api_key: newKey() });
    await settings.setCiphertext(
      actor.tenantId,
      'anthropic',
      (await settings.current(actor.tenantId))?.ciphertext ?? '',
    );
    expect(await settings.open(actor.tenantId, 'anthropic')).toEqual({
      kind: 'failed',
      code: 'key_unusable',
    });
  });

  test('that was altered cannot be opened', async ({ actor, settings }) => {
    await settings.update(actor, { embedding_api_key: newKey() });
    const sealed = (await settings.current(actor.tenantId))?.ciphertext ?? '';
    const [head = '', body = ''] = [
      sealed.slice(0, sealed.lastIndexOf(':') + 1),
      sealed.slice(sealed.lastIndexOf(':') + 1),
    ];
    const bytes = Buffer.from(body, 'base64');
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(20) ^ 1, 20);
    for (const altered of [
      head + flipped.toString('base64'),
      head + bytes.subarray(0, -1).toString('base64'),
      head,
      body,
      '',
      'not a ciphertext',
      sealed.replace('v1', 'v9'),
    ]) {
      await settings.setCiphertext(actor.tenantId, 'embedding', altered);
      expect(await settings.open(actor.tenantId), altered.slice(0, 12)).toEqual({
        kind: 'failed',
        code: 'key_unusable',
      });
    }
  });

  test('is opened from memory while Vault is gone, and reported otherwise', async ({
    vault,
    actor,
    settings,
  }) => {
    const key = newKey();
    await settings.update(actor, { embedding_api_key: key });
    const warm = settings.startProcess();
    await settings.open(actor.tenantId, 'embedding', warm);
    await vault.cut();
    try {
      expect(await settings.open(actor.tenantId, 'embedding', warm)).toEqual({ kind: 'ok', plaintext: key });
      expect(await settings.open(actor.tenantId)).toEqual({ kind: 'failed', code: 'vault_unavailable' });
    } finally {
      await vault.restore();
    }
  });

  test('gets a version that none had before it, after a removal too', async ({ actor, settings }) => {
    await settings.update(actor, { embedding_api_key: newKey() });
    expect(await settings.current(actor.tenantId)).toMatchObject({
      version: 1,
      target: { model: 'default-embedding' },
    });
    await settings.update(actor, { embedding_api_key: newKey(), embedding_model: 'm1' });
    expect(await settings.current(actor.tenantId)).toMatchObject({ version: 2, target: { model: 'm1' } });
    await settings.update(actor, { embedding_api_key: null });
    expect(await settings.current(actor.tenantId)).toBeUndefined();
    await settings.update(actor, { embedding_api_key: newKey() });
    expect(await settings.current(actor.tenantId)).toMatchObject({ version: 3, status: 'unverified' });
  });

  test('is in no table and no log in plain, nor a piece of it longer than its hint', async ({
    db,
    actor,
    settings,
  }) => {
    const keys = [newKey(), newKey()];
    await settings.update(actor, { api_key: keys[0], embedding_api_key: keys[1] });
    const dump = await db.database.withTenant(actor.tenantId, async (tx) => {
      const rows: unknown[] = [];
      for (const table of ['llm_settings', 'provider_keys', 'audit_log']) {
        rows.push(await tx.raw('select t::text from ?? t', [table]));
      }
      return JSON.stringify(rows);
    });
    for (const key of keys) {
      expect(dump).toContain(key.slice(-4));
      for (let at = 0; at + 8 <= key.length; at += 1) expect(dump).not.toContain(key.slice(at, at + 8));
    }
  });
});

describe('the status of a key', () => {
  test('becomes rejected once, with one row in the log however many found out', async ({
    actor,
    settings,
  }) => {
    await settings.update(actor, { embedding_api_key: newKey() });
    const news = await Promise.all(
      Array.from({ length: 10 }, () => settings.mark('markRejected', actor.tenantId, 1)),
    );
    expect(news.filter(Boolean)).toHaveLength(1);
    expect(await settings.status(actor.tenantId)).toBe('rejected');
    const rows = await settings.audit.list(actor.tenantId, {
      action: 'llm_config.embedding_key_rejected',
      limit: 10,
    });
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      actor: { keyId: null },
      details: { provider: 'embedding', key_version: 1 },
    });
  });

  test('becomes verified by a first success, and is not written again', async ({ actor, settings }) => {
    await settings.update(actor, { embedding_api_key: newKey() });
    const before = await settings.llmConfig.view(actor.tenantId);
    expect(await settings.mark('markVerified', actor.tenantId, 1)).toBe(true);
    expect(await settings.mark('markVerified', actor.tenantId, 1)).toBe(false);
    const after = await settings.llmConfig.view(actor.tenantId);
    expect(after.embedding_key_status).toBe('verified');
    expect(after.embedding_key_updated_at).toEqual(before.embedding_key_updated_at);
  });

  test('is not changed by what an older key met', async ({ actor, settings }) => {
    await settings.update(actor, { embedding_api_key: newKey() });
    await settings.update(actor, { embedding_api_key: newKey() });
    expect(await settings.mark('markRejected', actor.tenantId, 1)).toBe(false);
    expect(await settings.mark('markVerified', actor.tenantId, 1)).toBe(false);
    expect(await settings.status(actor.tenantId)).toBe('unverified');
  });

  test('of a removed key stays none', async ({ actor, settings }) => {
    await settings.update(actor, { embedding_api_key: newKey() });
    await settings.update(actor, { embedding_api_key: null });
    expect(await settings.mark('markRejected', actor.tenantId, 1)).toBe(false);
    expect(await settings.mark('markVerified', actor.tenantId, 1)).toBe(false);
    expect(await settings.status(actor.tenantId)).toBe('none');
  });

  test('stays rejected after a late success, and not after a call made to find out', async ({
    actor,
    settings,
  }) => {
    await settings.update(actor, { embedding_api_key: newKey() });
    await settings.mark('markRejected', actor.tenantId, 1);
    expect(await settings.mark('markVerified', actor.tenantId, 1)).toBe(false);
    expect(await settings.status(actor.tenantId)).toBe('rejected');
    expect(await settings.mark('markVerified', actor.tenantId, 1, true)).toBe(true);
    expect(await settings.status(actor.tenantId)).toBe('verified');
  });
});

const newKey = () => `sk-${randomBytes(30).toString('base64url')}`;

/** The tenants' settings and keys, and what these facts do with them. */
function openSettings(db: TestDatabase, vaultUrl: string) {
  const audit = createAudit({ database: db.database });
  /** Tenants for which a re-embedding was asked in a transaction, and those for which that transaction was committed. */
  const asked: string[] = [];
  const committed: string[] = [];
  const requestAndCommit: BacklogRequests['request'] = async (tx, tenantId) => {
    asked.push(tenantId);
    tx.afterCommit(() => committed.push(tenantId));
  };

  const installation = installationOf();

  /** The settings as another process has them, whose custody has opened no key yet. */
  function startProcess(request: BacklogRequests['request'] = requestAndCommit): {
    readonly llmConfig: Settings;
    readonly providerKeys: ProviderKeys;
  } {
    const transit = createTransit({
      address: vaultUrl,
      login: { kind: 'token', token: inject('vaultToken') },
      mount: inject('vaultTransitMount'),
      key: inject('vaultTransitKey'),
      timeoutMs: 2_000,
    });
    const custody = createKeyCustody({ transit, metrics: createLlmConfigMetrics(new Registry()) });
    const llmConfig = createSettings({
      database: db.database,
      audit,
      custody,
      ...installation,
      backlog: { request },
      keyWaiters: [],
    });
    return { llmConfig, providerKeys: createProviderKeys({ custody, audit, targets: installation.targets }) };
  }

  const { llmConfig, providerKeys } = startProcess();

  async function newActor(): Promise<Actor> {
    const tenants = createTenants({ database: db.database, audit });
    const operator = { tenantId: randomUUID(), keyId: null, label: 'test', role: 'superadmin' } as const;
    const creation = await tenants.createTenant(operator, { slug: `t-${randomUUID()}`, name: 'Tenant' });
    if (creation.kind !== 'created') throw new Error('not created');
    const { tenant, keys } = creation;
    return { tenantId: tenant.id, keyId: keys.user.id, label: 'the acting key', role: 'user' };
  }

  async function update(actor: Actor, patch: SettingsPatch) {
    const updated = await llmConfig.update(actor, patch);
    if (updated.kind !== 'updated') throw new Error(updated.kind);
    return updated.view;
  }

  const current = (tenantId: string, provider: Provider = 'embedding') =>
    db.database.withTenant(tenantId, (tx) =>
      providerKeys.current(tx, tenantId, provider === 'embedding' ? 'embedding' : 'extraction'),
    );

  async function open(tenantId: string, provider: Provider = 'embedding', by = startProcess()) {
    const stored = await current(tenantId, provider);
    if (stored === undefined) throw new Error('no key');
    return by.providerKeys.openKey(tenantId, provider, stored, originOf(stored.target.baseUrl));
  }

  const setCiphertext = (tenantId: string, provider: Provider, ciphertext: string) =>
    db.database.withTenant(tenantId, (tx) =>
      tx('provider_keys').where({ tenant_id: tenantId, provider }).update({ ciphertext }),
    );

  const auditRows = async (tenantId: string) =>
    (await audit.list(tenantId, { subjectKind: 'llm_config', limit: 100 })).reverse();

  const actions = async (tenantId: string) => (await auditRows(tenantId)).map(({ action }) => action);

  const asksAfter = async (actor: Actor, patch: SettingsPatch) => {
    const [askedBefore, committedBefore] = [asked.length, committed.length];
    await update(actor, patch);
    expect(committed.length - committedBefore).toBe(asked.length - askedBefore);
    return asked.length > askedBefore;
  };

  const mark = (
    as: 'markRejected' | 'markVerified',
    tenantId: string,
    version: number,
    evenIfRejected = false,
  ) =>
    db.database.withTenant(tenantId, (tx) =>
      as === 'markRejected'
        ? providerKeys.markRejected(tx, tenantId, 'embedding', version, 'credential_rejected')
        : providerKeys.markVerified(tx, tenantId, 'embedding', version, { evenIfRejected }),
    );
  const status = async (tenantId: string) => (await llmConfig.view(tenantId)).embedding_key_status;

  return {
    ...{ audit, llmConfig, providerKeys, asked, committed, startProcess, newActor, update, current, open },
    ...{ setCiphertext, auditRows, actions, asksAfter, mark, status },
  };
}
