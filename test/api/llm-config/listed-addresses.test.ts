import { test as base, describe, expect } from 'vitest';
import { vendorNames } from '../../../src/providers/catalogue/create-catalogue.ts';
import { installationOf } from '../../support/catalogue.ts';
import { type SettingsApi, startSettingsApi } from './settings-api.ts';

const path = '/tenants/me/llm-config';

/** An installation that allows its own provider and the listed vendors alone. */
const test = base
  .extend('api', { scope: 'file' }, async ({}, { onCleanup }): Promise<SettingsApi> => {
    const api = await startSettingsApi(installationOf('listed'));
    onCleanup(() => api.close());
    return api;
  })
  .extend('keys', async ({ api }) => (await api.tenant()).keys);

describe('where only listed addresses are allowed', () => {
  test.for<[Record<string, unknown>, string]>([
    [
      { embedding_provider: 'custom', embedding_base_url: 'https://gateway.example/v1' },
      'embedding_base_url',
    ],
    [
      { embedding_provider: 'ollama', embedding_base_url: 'https://gateway.example/v1' },
      'embedding_base_url',
    ],
  ])('%j is forbidden', async ([body, field], { api, keys }) => {
    const refused = await api.call(keys.user, 'PATCH', path, body);
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({
      code: 'address_forbidden',
      detail: expect.stringContaining('not a listed address'),
      errors: [{ path: field }],
    });
  });

  test.for<Record<string, unknown>>([
    { embedding_provider: 'openai' },
    { embedding_provider: 'openai', embedding_base_url: 'https://eu.api.openai.com/v1' },
    { embedding_provider: 'azure-openai', embedding_base_url: 'contoso' },
    { embedding_provider: 'default' },
    { embedding_provider: null },
  ])('%j is allowed', async (body, { api, keys }) => {
    expect((await api.call(keys.user, 'PATCH', path, body)).status).toBe(200);
  });
});

describe('GET /providers', () => {
  test('lists every provider for agents, the installation’s own first', async ({ api, keys }) => {
    const { status, body } = await api.call(keys.agent, 'GET', '/providers');
    expect(status).toBe(200);
    expect(body.data.map(({ name }: { name: string }) => name)).toEqual(vendorNames);
    expect(body.data[0]).toMatchObject({
      name: 'default',
      base_url: 'http://127.0.0.1:9/v1',
      default_model: 'default-embedding',
    });
    for (const vendor of body.data) {
      expect(
        [vendor.base_url, vendor.base_url_template].filter((address) => address !== undefined),
      ).toHaveLength(1);
      expect(vendor).toMatchObject({
        title: expect.any(String),
        models: expect.any(Array),
        notes: expect.any(String),
      });
    }
    expect(body.data.find(({ name }: { name: string }) => name === 'mistral')).toMatchObject({
      base_url: 'https://api.mistral.ai/v1',
      models: expect.arrayContaining([
        { name: 'mistral-embed', dimensions: 1024, other_dimensions: null, max_input_tokens: 8192 },
      ]),
    });
    const named = (wanted: string) => body.data.find(({ name }: { name: string }) => name === wanted);
    expect(named('openai').models).toContainEqual(
      expect.objectContaining({ name: 'text-embedding-3-small', other_dimensions: { min: 1, max: 1536 } }),
    );
    expect(named('voyage').models[0]).toMatchObject({ other_dimensions: [256, 512, 2048] });
    expect(named('ollama')).toMatchObject({
      address_kind: 'own',
      base_url_template: 'http://localhost:11434/v1',
      parameters: [],
    });
    expect(named('azure-openai')).toMatchObject({ address_kind: 'template', default_model: null });
  });
});
