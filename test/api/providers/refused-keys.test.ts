import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { guidanceOf } from '../../../src/domain/failures.ts';
import { factsOfService } from '../../support/fixtures.ts';
import { type TwinStep, twinKey } from '../../support/provider-twin.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

const it = factsOfService(({ twin }) => ({
  ...{ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl, EMBEDDING_DEFAULT_MODEL: 'm' },
}))
  .extend('tenant', ({ service }): Promise<TestTenant> => service.createTenant())
  .extend('own', ({ service, tenant }) => apiOf(service, tenant));

const denied: TwinStep = { kind: 'status', status: 403, body: { error: { message: 'no', code: null } } };
const notForEmbeddings: TwinStep = {
  kind: 'status',
  status: 403,
  body: {
    error: {
      message: 'You are not allowed to generate embeddings from this model',
      type: 'invalid_request_error',
      code: null,
    },
  },
};

describe('a key that the provider does not permit', () => {
  it.for([
    ['verify', undefined],
    ['another key', twinKey()],
  ] as const)('is used once, and then not before %s', async ([_by, newKey], { service, twin, key, own }) => {
    const worker = await service.startWorker();
    try {
      twin.script(key, [], denied);
      await own.patch({ embedding_api_key: key });
      const first = await own.write();
      expect(await own.settled(first, 'blocked')).toMatchObject({
        reason: 'permission_denied',
        ...guidanceOf('permission_denied'),
      });
      const second = await own.write();
      expect(await own.settled(second, 'blocked')).toMatchObject({ reason: 'permission_denied' });
      expect((await own.search()).meta).toMatchObject({
        fallback: true,
        fallback_reason: 'permission_denied',
        ...guidanceOf('permission_denied'),
      });
      expect((await own.propose()).meta.gate).toMatchObject({
        verdict: 'unknown',
        reason: 'permission_denied',
        ...guidanceOf('permission_denied'),
      });
      expect(twin.callsOf(key)).toHaveLength(1);
      expect(await own.settings()).toMatchObject({ embedding_key_status: 'rejected' });
      expect(await own.rejections()).toMatchObject([
        { details: { code: 'permission_denied', ...guidanceOf('permission_denied') } },
      ]);

      twin.script(key, []);
      if (newKey === undefined) expect((await own.verify()).embedding).toMatchObject({ ok: true });
      else await own.patch({ embedding_api_key: newKey });
      for (const id of [first, second])
        expect(await own.settled(id, 'embedded')).toMatchObject({ reason: null, who: null, next_step: null });
    } finally {
      await worker.stop();
    }
  });
});

describe('a model that the provider refuses with 403', () => {
  it('does not reject the key, and the right model heals all', async ({ service, twin, key, own }) => {
    const worker = await service.startWorker();
    try {
      twin.script(key, [], notForEmbeddings);
      await own.patch({ embedding_api_key: key, embedding_model: 'gpt-wrong' });
      const id = await own.write();
      expect(await own.settled(id, 'blocked')).toMatchObject({
        reason: 'model_not_found',
        ...guidanceOf('model_not_found'),
      });
      expect(await own.settings()).toMatchObject({ embedding_key_status: 'unverified' });
      expect(await own.rejections()).toEqual([]);

      twin.script(key, []);
      await own.patch({ embedding_model: 'right' });
      expect(await own.settled(id, 'embedded')).toMatchObject({ model: 'right' });
      expect(await own.settings()).toMatchObject({ embedding_key_status: 'verified' });
    } finally {
      await worker.stop();
    }
  });
});

/** What a tenant asks the API for here. */
function apiOf(service: RunningService, { keys }: TestTenant) {
  const post = async (force: boolean) =>
    (
      await service.call(keys.agent, 'POST', '/articles', {
        ...{ title: `Article ${randomUUID()}`, body: 'Some text.', category: 'idea', force },
      })
    ).body;
  const article = async (id: string) => (await service.call(keys.agent, 'GET', `/articles/${id}`)).body.data;
  return {
    patch: (settings: object) => service.call(keys.user, 'PATCH', '/tenants/me/llm-config', settings),
    settings: async () => (await service.call(keys.user, 'GET', '/tenants/me/llm-config')).body,
    verify: async () => (await service.call(keys.user, 'POST', '/tenants/me/llm-config/verify')).body.data,
    search: async () => (await service.call(keys.agent, 'GET', '/knowledge/search?q=text')).body,
    rejections: async () =>
      (await service.call(keys.user, 'GET', '/audit?action=llm_config.embedding_key_rejected')).body.data,
    write: async (): Promise<string> => (await post(true)).data.id,
    propose: () => post(false),
    /** The embedding of an article once it has this status. */
    async settled(id: string, status: string) {
      for (let i = 0; i < 300 && (await article(id)).embedding.status !== status; i += 1)
        await new Promise((resolve) => setTimeout(resolve, 50));
      const { embedding } = await article(id);
      expect(embedding.status).toBe(status);
      return embedding;
    },
  };
}
