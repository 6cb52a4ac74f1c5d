import { describe, expect } from 'vitest';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfService } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

// Everything but Temporal is real; the facts run the steps of its workflow. A tenant has no embedding key at first.
const it = factsOfService(() => ({ TEMPORAL_ADDRESS: '127.0.0.1:1', EMBEDDING_BATCH_CHUNKS: '2' }))
  .extend('tenant', ({ service }): Promise<TestTenant> => service.createTenant())
  .extend('library', ({ service, tenant }) => libraryOf(service, tenant));

const pending = { served_mode: 'keyword', fallback: true, fallback_reason: 'vectors_pending', who: 'wait' };

describe.for(['hybrid', 'semantic'])('a %s search in the first minutes', (mode) => {
  it('names the missing key until there is one, and a second after it the vectors', async ({
    tenant,
    key,
    library,
  }) => {
    const article = await library.write('A caracal jumps.');
    expect(await library.embed(article)).toBe('no_api_key');
    expect(await library.search(mode)).toMatchObject({ found: 1, meta: { fallback_reason: 'no_api_key' } });
    await tenant.setEmbeddingKey(key);
    expect(await library.search(mode)).toMatchObject({ found: 1, meta: pending });
    expect(await library.embed(article)).toBe('embedded');
    expect(await library.search(mode)).toMatchObject({
      found: 1,
      meta: { served_mode: mode, fallback: false, fallback_reason: null },
    });
  });

  it('says the same while the first article has a part of its vectors', async ({ tenant, key, library }) => {
    await tenant.setEmbeddingKey(key);
    const article = await library.write(`${'A caracal jumps high. '.repeat(300)}`);
    expect(await library.embed(article)).toBe('more');
    expect(await library.search(mode)).toMatchObject({ found: 1, meta: pending });
  });

  it('says that a key is rejected, and after another one that vectors are coming', async ({
    tenant,
    twin,
    key,
    service,
    library,
  }) => {
    await tenant.setEmbeddingKey(key);
    const article = await library.write('A caracal jumps.');
    await service.services.steps.giveUp(article, 'credential_rejected');
    await tenant.setEmbeddingKey(twinKey());
    expect(twin.callsOf(key)).toEqual([]);
    expect((await library.search(mode)).meta).toMatchObject(pending);
    await service.services.steps.giveUp(article, 'quota_exhausted');
    expect((await library.search(mode)).meta).toMatchObject({ fallback_reason: 'quota_exhausted' });
  });
});

/** What a tenant writes here, and how a search for it is answered. */
function libraryOf(service: RunningService, { id: tenantId, keys }: TestTenant) {
  return {
    async write(body: string) {
      const article = { title: 'A title', body, category: 'finding', force: true };
      const answer = await service.call(keys.agent, 'POST', '/articles', article);
      expect(answer.status).toBe(201);
      return { tenantId, articleId: String(answer.body.data.id) };
    },
    embed: (article: { tenantId: string; articleId: string }) => embedOnce(service, article),
    async search(mode: string) {
      const { status, body } = await service.call(
        keys.agent,
        'GET',
        `/knowledge/search?q=caracal&mode=${mode}`,
      );
      expect(status).toBe(200);
      return { found: body.data.length, meta: body.meta };
    },
  };
}
