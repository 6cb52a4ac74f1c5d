import { describe, expect } from 'vitest';
import { guidanceOf } from '../../../src/domain/failures.ts';
import { factsOfTrials } from './trial-facts.ts';

const it = factsOfTrials();

describe('a change that is stored only if its calls work', () => {
  it('stores a key that works, as verified, with what the call has found out', async ({
    twin,
    candidate,
    own,
  }) => {
    const answer = await own.patch({ embedding_api_key: candidate, embedding_model: 'n', verify: true });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      ...{ has_embedding_key: true, embedding_key_status: 'verified', embedding_model: 'n' },
      ...{ embedding_api_key_hint: `...${candidate.slice(-4)}`, profile: { found_at: expect.any(String) } },
    });
    expect(answer.body).not.toHaveProperty('verify');
    expect(await own.view()).toEqual(answer.body);
    expect(twin.callsOf(candidate)).toHaveLength(1);
    expect(await own.ledger()).toMatchObject([{ source: 'verify', key_version: 0 }]);
  });

  it('leaves the old key where the new one is bad, and the old one works on', async ({
    service,
    twin,
    key,
    candidate,
    tenant,
    own,
  }) => {
    twin.script(candidate, [{ kind: 'status', status: 401 }]);
    const before = await own.stored();
    const answer = await own.patch({ embedding_api_key: candidate, embedding_model: 'n', verify: true });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      ...{ code: 'credential_rejected', ...guidanceOf('credential_rejected') },
      detail: expect.stringContaining('embedding provider'),
      errors: [{ path: 'embedding_api_key', message: expect.any(String) }],
    });
    expect(await own.stored()).toEqual(before);
    const verified = await service.call(tenant.keys.user, 'POST', '/tenants/me/llm-config/verify');
    expect(verified.body.data.embedding).toMatchObject({ ok: true, model: 'm' });
    expect(twin.callsOf(key)).toHaveLength(1);
  });

  it('needs the key for another address, tries it there, and stores both', async ({
    twin,
    chosen,
    key,
    candidate,
    own,
  }) => {
    const address = {
      embedding_provider: 'custom',
      embedding_base_url: chosen.baseUrl,
      embedding_model: 'c',
    };
    const refused = await own.patch({ ...address, verify: true });
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toMatchObject([{ path: 'embedding_api_key' }]);
    expect([...chosen.callsOf(key), ...twin.callsOf(key)]).toEqual([]);

    chosen.script(candidate, [{ kind: 'status', status: 500 }]);
    const down = await own.patch({ ...address, embedding_api_key: candidate, verify: true });
    expect(down).toMatchObject({ status: 503, body: { code: 'provider_unavailable' } });
    expect(down.body.errors).toMatchObject([{ path: 'embedding_base_url' }]);
    expect(down.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await own.view()).toMatchObject({ embedding_provider: null, embedding_key_status: 'unverified' });

    const stored = await own.patch({ ...address, embedding_api_key: candidate, verify: true });
    expect(stored.body).toMatchObject({
      embedding_base_url: chosen.baseUrl,
      embedding_key_status: 'verified',
    });
    expect(twin.callsOf(candidate)).toEqual([]);
  });

  it('tries another model with the stored key, heals a rejected one, and refuses a model that is not there', async ({
    service,
    twin,
    key,
    tenant,
    own,
  }) => {
    twin.script(key, [
      { kind: 'status', status: 403 },
      { kind: 'status', status: 404 },
    ]);
    await service.call(tenant.keys.user, 'POST', '/tenants/me/llm-config/verify');
    expect(await own.view()).toMatchObject({ embedding_key_status: 'rejected' });
    const refused = await own.patch({ embedding_model: 'gone', verify: true });
    expect(refused.body).toMatchObject({ code: 'model_not_found', errors: [{ path: 'embedding_model' }] });
    expect(await own.view()).toMatchObject({ embedding_model: null, embedding_key_status: 'rejected' });
    const healed = await own.patch({ embedding_model: 'there', verify: true });
    expect(healed.body).toMatchObject({ embedding_model: 'there', embedding_key_status: 'verified' });
  });

  it('stores nothing of two providers where one refuses', async ({ twin, candidate, own }) => {
    const before = await own.stored();
    const both = { api_key: candidate, embedding_api_key: candidate, extraction_model: 'x', verify: true };
    twin.script(candidate, [], { kind: 'status', status: 401 });
    expect((await own.patch(both)).status).toBe(422);
    expect(await own.stored()).toEqual(before);
    twin.script(candidate, []);
    expect((await own.patch(both)).body).toMatchObject({
      ...{ api_key_status: 'verified', embedding_key_status: 'verified', extraction_model: 'x' },
    });
  });

  it('calls nothing where it concerns no provider, or nothing at all', async ({ twin, own }) => {
    const called = twin.calls.length;
    expect((await own.patch({ monthly_token_budget: 9, verify: true })).body).toMatchObject({
      monthly_token_budget: 9,
    });
    expect((await own.patch({ verify: true })).status).toBe(200);
    expect((await own.patch({ verify: 'yes' })).status).toBe(422);
    expect((await own.patch({ merge_model: 'x', verify: true })).body).toMatchObject({
      ...{ code: 'no_api_key', errors: [{ path: 'api_key' }] },
    });
    expect(twin.calls).toHaveLength(called);
  });

  it('stores what was tried: where another change comes between, it is tried again', async ({
    twin,
    candidate,
    own,
  }) => {
    let letGo = () => {};
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    twin.script(candidate, [{ kind: 'ok', heldUntil: held }]);
    const change = own.patch({ embedding_api_key: candidate, verify: true });
    await expect.poll(() => twin.callsOf(candidate).length).toBe(1);
    await own.patch({ embedding_model: 'moved' });
    letGo();
    expect((await change).body).toMatchObject({ embedding_model: 'moved', embedding_key_status: 'verified' });
    expect(twin.callsOf(candidate).map(({ model }) => model)).toEqual(['m', 'moved']);
  });
});
