import { describe, expect } from 'vitest';
import { factsOfServices } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';

const it = factsOfServices(() => ({
  ...{ EMBEDDING_DEFAULT_MODEL: 'm', EMBEDDING_SENDS_INPUT_TYPE: 'false' },
  ...{ BREAKER_FAILURES: '1', BREAKER_OPEN_MS: '600000' },
})).extend('own', ({ test, tenant }) => ({
  outbox: () => test.db.rawAsOwner('select kind from outbox where tenant_id = $1', [tenant.id]),
  clearOutbox: () => test.db.rawAsOwner('delete from outbox where tenant_id = $1', [tenant.id]),
  change: (patch: object, verify = true) => test.services.llmConfig.update(tenant.actor, patch, { verify }),
  verify: async () => (await test.services.verification.verify(tenant.id)).embedding,
}));

describe('a change that is tried', () => {
  it('lets go on what a rejected key has blocked, even where no setting changes', async ({
    test,
    twin,
    key,
    tenant,
    own,
  }) => {
    twin.script(key, [{ kind: 'status', status: 401 }]);
    expect(await own.verify()).toMatchObject({ ok: false, code: 'credential_rejected' });
    await own.clearOutbox();
    expect(await own.change({ embedding_model: null })).toMatchObject({ kind: 'updated' });
    expect(await test.services.llmConfig.view(tenant.id)).toMatchObject({ embedding_key_status: 'verified' });
    expect(await own.outbox()).toEqual([{ kind: 'backlog' }]);
  });

  it('calls although the breaker of the stored key is open, which stays open', async ({
    test,
    twin,
    key,
    tenant,
    own,
  }) => {
    twin.script(key, [{ kind: 'status', status: 500 }]);
    await own.verify();
    const candidate = twinKey();
    const open = async () => (await test.services.providerStates.view(tenant.id)).embedding;
    const before = await open();
    expect(before).toMatchObject({ state: 'open', lastErrorCode: 'provider_unavailable' });
    const tried = await test.services.llmConfig.dryRun(tenant.actor, { embedding_api_key: candidate });
    expect(tried).toMatchObject({ calls: { embedding: { ok: true } } });
    expect(await open()).toEqual(before);
    // The new key has a breaker of its own.
    expect(await own.change({ embedding_api_key: candidate })).toMatchObject({ kind: 'updated' });
    expect(await open()).toMatchObject({ state: 'closed', keyStatus: 'verified' });
  });

  it('opens the stored key as a call does: one that was moved by hand goes nowhere', async ({
    test,
    twin,
    key,
    tenant,
    own,
  }) => {
    const other = await test.createTenant(twinKey());
    await test.db.rawAsOwner(
      `update provider_keys set ciphertext = (select ciphertext from provider_keys where tenant_id = $2)
        where tenant_id = $1`,
      [tenant.id, other.id],
    );
    const called = twin.calls.length;
    const refused = await own.change({ embedding_model: 'n' });
    expect(refused).toMatchObject({ kind: 'refused', call: { code: 'key_unusable' } });
    expect(twin.calls).toHaveLength(called);
    expect(twin.callsOf(key)).toEqual([]);
  });

  it('is busy where other changes come between every time', async ({ test, twin, tenant, own }) => {
    const candidate = twinKey();
    let model = 0;
    twin.script(candidate, [], {
      kind: 'by',
      step: () => {
        model += 1;
        const moved = own.change({ embedding_model: `m-${model}` }, false).then(() => undefined);
        return { kind: 'ok', heldUntil: moved };
      },
    });
    expect(await own.change({ embedding_api_key: candidate })).toEqual({ kind: 'busy' });
    expect(twin.callsOf(candidate)).toHaveLength(5);
    expect(await test.services.llmConfig.view(tenant.id)).toMatchObject({
      ...{ embedding_key_status: 'unverified', embedding_model: 'm-5' },
    });
  });
});
