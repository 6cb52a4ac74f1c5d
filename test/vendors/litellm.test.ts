import { describe, expect, inject } from 'vitest';
import { embedOnce } from '../support/embed-once.ts';
import { factsOfService } from '../support/fixtures.ts';
import type { RunningService } from '../support/running-service.ts';
import type { TestTenant } from '../support/test-services.ts';
import { type LitellmProxy, startLitellmProxy } from './litellm-proxy.ts';

const it = factsOfService(() => ({ TEMPORAL_ADDRESS: '127.0.0.1:1', PROVIDER_URLS: 'any' }))
  .extend('proxy', { scope: 'file' }, async ({}, { onCleanup }): Promise<LitellmProxy> => {
    const proxy = await startLitellmProxy(inject('embeddingUrl'));
    onCleanup(() => proxy.stop());
    return proxy;
  })
  .extend('tenant', ({ service }): Promise<TestTenant> => service.createTenant())
  .extend('own', ({ service, tenant, proxy }) => ownOf(service, tenant, proxy));

describe('a tenant of a LiteLLM proxy', () => {
  it('verifies its key, embeds, and searches by meaning', async ({ own }) => {
    await own.choose();
    expect(await own.verify()).toMatchObject({ ok: true, dimensions: 384 });
    expect(await own.embed('Watering the plants', 'The ficus wants water every Monday.')).toMatchObject({
      status: 'embedded',
    });
    expect(await own.embed('Feeding the cat', 'It eats at nine in the morning.')).toMatchObject({
      status: 'embedded',
    });
    const found = await own.search('when does our pet get its meals');
    expect(found.meta).toMatchObject({ served_mode: 'semantic', fallback: false });
    expect(found.data[0].title).toBe('Feeding the cat');
  });

  it('learns that its key is wrong, and no article tries it again', async ({ own }) => {
    await own.choose({ embedding_api_key: 'sk-litellm-another-key-0123' });
    expect(await own.verify()).toMatchObject({ ok: false, code: 'credential_rejected', who: 'tenant' });
    expect(await own.settings()).toMatchObject({ embedding_key_status: 'rejected' });
    const before = await own.calls();
    await own.embed('An article', 'Some text.');
    expect(await own.calls()).toBe(before);
  });

  it('learns that its model is unknown, and the right one heals it', async ({ own, proxy }) => {
    await own.choose({ embedding_model: 'no-such-model' });
    expect(await own.verify()).toMatchObject({ ok: false, code: 'model_not_found', who: 'tenant' });
    await own.choose({ embedding_model: proxy.model });
    expect(await own.verify()).toMatchObject({ ok: true });
  });

  it('is not given dimensions that the model has not', async ({ own }) => {
    await own.choose({ embedding_dimensions: 128 });
    expect(await own.verify()).toMatchObject({ ok: false });
    expect(await own.settings()).toMatchObject({
      embedding_key_status: expect.not.stringMatching('rejected'),
    });
  });
});

/** What a tenant asks the API for here. */
function ownOf(service: RunningService, tenant: TestTenant, proxy: LitellmProxy) {
  const { keys } = tenant;
  const config = '/tenants/me/llm-config';
  return {
    async choose(changes: object = {}) {
      const changed = await service.call(keys.user, 'PATCH', config, {
        ...{ embedding_provider: 'litellm', embedding_base_url: proxy.baseUrl },
        ...{ embedding_model: proxy.model, embedding_api_key: proxy.key },
        ...changes,
      });
      expect(changed.status).toBe(200);
    },
    settings: async () => (await service.call(keys.user, 'GET', config)).body,
    verify: async () => (await service.call(keys.user, 'POST', `${config}/verify`)).body.data.embedding,
    /** Writes an article and runs the steps of its workflow. Answers the state of its embedding. */
    async embed(title: string, body: string) {
      const article = { title, body, category: 'reference', force: true };
      const { id } = (await service.call(keys.user, 'POST', '/articles', article)).body.data;
      await embedOnce(service, { tenantId: tenant.id, articleId: id });
      return (await service.call(keys.agent, 'GET', `/articles/${id}`)).body.data.embedding;
    },
    search: async (q: string) =>
      (await service.call(keys.agent, 'GET', `/knowledge/search?mode=semantic&q=${encodeURIComponent(q)}`))
        .body,
    async calls(): Promise<unknown> {
      const [row] = await service.db.rawAsOwner(
        'select count(*)::int as calls from provider_calls where tenant_id = $1',
        [tenant.id],
      );
      return row?.calls;
    },
  };
}
