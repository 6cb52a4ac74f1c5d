import { randomBytes } from 'node:crypto';
import { test as base, describe, expect } from 'vitest';
import { installationOf } from '../../support/catalogue.ts';
import { type SettingsApi, startSettingsApi } from './settings-api.ts';

const path = '/tenants/me/llm-config';
const newKey = () => `sk-${randomBytes(30).toString('base64url')}`;

const test = base
  .extend('api', { scope: 'file' }, async ({}, { onCleanup }): Promise<SettingsApi> => {
    const api = await startSettingsApi(installationOf());
    onCleanup(() => api.close());
    return api;
  })
  .extend('keys', async ({ api }) => (await api.tenant()).keys)
  .extend(
    'patch',
    ({ api, keys }) =>
      (body: unknown) =>
        api.call(keys.user, 'PATCH', path, body),
  );

describe('the model of reranking', () => {
  test('is the provider’s own until one is chosen, and again after null', async ({ api, keys, patch }) => {
    const first = await patch({ embedding_provider: 'voyage', embedding_api_key: newKey() });
    expect(first.body).toMatchObject({ rerank_model: null, effective: { rerank_model: 'rerank-2.5' } });
    const chosen = await patch({ rerank_model: 'rerank-2.5-lite' });
    expect(chosen.body).toMatchObject({
      rerank_model: 'rerank-2.5-lite',
      effective: { rerank_model: 'rerank-2.5-lite' },
    });
    expect(chosen.body).not.toHaveProperty('notices');
    expect((await api.call(keys.user, 'GET', path)).body).toEqual(chosen.body);
    const log = await api.call(keys.user, 'GET', '/audit?subject_kind=llm_config');
    expect(JSON.stringify(log.body.data)).toContain('"fields":["rerank_model"]');
    expect((await patch({ rerank_model: null })).body).toMatchObject({
      rerank_model: null,
      effective: { rerank_model: 'rerank-2.5' },
    });
  });

  test('may be one that is not known, and that is told', async ({ patch }) => {
    const { status, body } = await patch({ embedding_provider: 'jina', rerank_model: 'jina-reranker-v9' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      rerank_model: 'jina-reranker-v9',
      notices: [{ path: 'rerank_model', message: expect.stringContaining('jina-reranker-v9 is not among') }],
    });
  });

  test('is refused where the provider has no reranking, and those are named that have', async ({ patch }) => {
    const { status, body } = await patch({ embedding_provider: 'mistral', rerank_model: 'rerank-2.5' });
    expect(status).toBe(422);
    expect(body.errors).toEqual([
      {
        path: 'rerank_model',
        message: expect.stringMatching(/Mistral.* has no reranking.*: cohere, voyage, jina$/),
      },
    ]);
    expect((await patch({ embedding_provider: 'mistral', rerank_model: null })).body).toMatchObject({
      rerank_model: null,
      effective: { rerank_model: null },
    });
  });

  test.for(['cohere', 'mistral'])('does not follow to another provider: %s', async (provider, { patch }) => {
    await patch({ embedding_provider: 'voyage', rerank_model: 'rerank-2' });
    const { body } = await patch({ embedding_provider: provider });
    expect(body).toMatchObject({
      rerank_model: null,
      notices: [
        { path: 'rerank_model', message: 'The reranking model of the former provider was taken out.' },
      ],
    });
  });

  test.for([7, '', 'has blanks', 'a'.repeat(201), ['rerank-2']])(
    'is a name: not %j',
    async (given, { patch }) => {
      const { status, body } = await patch({ embedding_provider: 'voyage', rerank_model: given });
      expect([status, body.errors?.[0]?.path]).toEqual([422, 'rerank_model']);
    },
  );

  test('holds no key', async ({ patch }) => {
    const key = newKey();
    const { status, body } = await patch({
      embedding_provider: 'voyage',
      embedding_api_key: key,
      rerank_model: key,
    });
    expect([status, body.errors?.[0]?.path]).toEqual([422, 'rerank_model']);
    expect(JSON.stringify(body)).not.toContain(key);
  });

  test('changes neither the vectors nor their address', async ({ patch }) => {
    const key = newKey();
    await patch({ embedding_provider: 'voyage', embedding_api_key: key });
    const { status, body } = await patch({ rerank_model: 'rerank-2' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ has_embedding_key: true, effective: { embedding_model: 'voyage-3.5' } });
  });
});
