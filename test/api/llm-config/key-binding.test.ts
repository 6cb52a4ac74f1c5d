import { describe, expect } from 'vitest';
import { factsOfService } from '../../support/fixtures.ts';
import { type ProviderTwin, startProviderTwin } from '../../support/provider-twin.ts';
import { eventually } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

const path = '/tenants/me/llm-config';

/** Tenants choose their address, which is that of a second twin, `chosen`. A third one, `stranger`, must never be called. */
const it = factsOfService(() => ({
  ...{ PROVIDER_URLS: 'any', EMBEDDING_SENDS_INPUT_TYPE: 'false', EMBEDDING_DEFAULT_MODEL: 'm' },
}))
  .extend('tenant', ({ service }): Promise<TestTenant> => service.createTenant())
  .extend('chosen', { scope: 'file' }, async ({}, { onCleanup }): Promise<ProviderTwin> => {
    const twin = await startProviderTwin();
    onCleanup(() => twin.close());
    return twin;
  })
  .extend('stranger', { scope: 'file' }, async ({}, { onCleanup }): Promise<ProviderTwin> => {
    const twin = await startProviderTwin();
    onCleanup(() => twin.close());
    return twin;
  })
  .extend('own', ({ service, tenant, key, chosen }) => ({
    choose: () =>
      service.call(tenant.keys.user, 'PATCH', path, {
        embedding_provider: 'custom',
        embedding_base_url: `${chosen.baseUrl}/`,
        embedding_model: 'm',
        embedding_api_key: key,
      }),
    write: async (title: string) => {
      const body = { title, body: `${title} and more of it.`, category: 'pattern', force: true };
      return String((await service.call(tenant.keys.agent, 'POST', '/articles', body)).body.data.id);
    },
    article: async (id: string) =>
      (await service.call(tenant.keys.agent, 'GET', `/articles/${id}`)).body.data.embedding,
    search: async (words: string) =>
      (await service.call(tenant.keys.agent, 'GET', `/knowledge/search?mode=semantic&q=${words}`)).body,
    verify: async () => (await service.call(tenant.keys.user, 'POST', `${path}/verify`)).body.data.embedding,
  }));

describe('the key of a tenant’s own provider', () => {
  it('goes to the address that it was set for, and nowhere else', async ({
    service,
    twin,
    chosen,
    key,
    own,
  }) => {
    const worker = await service.startWorker();
    try {
      expect((await own.choose()).status).toBe(200);
      const id = await own.write('Retries need a budget');
      await eventually(async () => ((await own.article(id)).status === 'embedded' ? true : undefined));
      expect(await own.search('budget')).toMatchObject({
        meta: { fallback: false, served_mode: 'semantic' },
      });
      expect(await own.verify()).toMatchObject({ ok: true });
      expect(chosen.callsOf(key).length).toBeGreaterThanOrEqual(3);
      expect(twin.callsOf(key)).toEqual([]);
    } finally {
      await worker.stop();
    }
  });

  it('is unusable once the address was changed by hand, and nothing is called', async ({
    service,
    twin,
    chosen,
    stranger,
    tenant,
    key,
    own,
  }) => {
    const worker = await service.startWorker();
    try {
      await own.choose();
      const first = await own.write('Written before the change');
      await eventually(async () => ((await own.article(first)).status === 'embedded' ? true : undefined));
      const called = chosen.calls.length;

      await service.db.rawAsOwner('update llm_settings set embedding_base_url = $2 where tenant_id = $1', [
        tenant.id,
        stranger.baseUrl,
      ]);
      expect(await own.search('before')).toMatchObject({
        meta: { fallback: true, fallback_reason: 'key_unusable' },
      });
      const second = await own.write('Written after the change');
      await eventually(async () => ((await own.article(second)).status === 'failed' ? true : undefined));
      expect(await own.article(second)).toMatchObject({ status: 'failed', reason: 'key_unusable' });
      expect(await own.search('change')).toMatchObject({
        meta: { fallback: true, fallback_reason: 'key_unusable' },
      });
      expect(await own.verify()).toMatchObject({ ok: false, code: 'key_unusable' });

      for (const [provider, address] of [
        ['openai', null],
        [null, null],
        [null, stranger.baseUrl],
        ['mistral', stranger.baseUrl],
        ['no-longer-there', stranger.baseUrl],
        ['custom', null],
      ]) {
        await service.db.rawAsOwner(
          'update llm_settings set embedding_provider = $2, embedding_base_url = $3 where tenant_id = $1',
          [tenant.id, provider, address],
        );
        expect(await own.verify(), `${provider} at ${address}`).toMatchObject({ ok: false });
      }
      expect([...stranger.calls, ...twin.callsOf(key)]).toEqual([]);
      expect(chosen.calls).toHaveLength(called);
    } finally {
      await worker.stop();
    }
  });

  it('is not taken for an address that its provider cannot have, as after a change by hand', async ({
    service,
    stranger,
    tenant,
    key,
    own,
  }) => {
    await own.choose();
    for (const [provider, address] of [
      ['openai', stranger.baseUrl],
      [null, stranger.baseUrl],
      ['azure-openai', stranger.baseUrl],
      ['custom', null],
    ]) {
      await service.db.rawAsOwner(
        'update llm_settings set embedding_provider = $2, embedding_base_url = $3 where tenant_id = $1',
        [tenant.id, provider, address],
      );
      const again = await service.call(tenant.keys.user, 'PATCH', path, { embedding_api_key: key });
      expect(again.status, `${provider} at ${address}`).toBe(422);
      expect(again.body).toMatchObject({ errors: [{ path: 'embedding_base_url' }] });
      const other = await service.call(tenant.keys.user, 'PATCH', path, { monthly_token_budget: 1_000_000 });
      expect(other.status).toBe(200);
    }
    expect(stranger.calls).toEqual([]);
    const mended = { embedding_provider: null, embedding_base_url: null, embedding_api_key: key };
    expect((await service.call(tenant.keys.user, 'PATCH', path, mended)).status).toBe(200);
  });
});
