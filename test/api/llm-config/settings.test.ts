import { randomBytes } from 'node:crypto';
import { describe, expect } from 'vitest';
import { piecesIn } from './settings-api.ts';
import { factsOfSettings } from './settings-facts.ts';

const test = factsOfSettings();
const path = '/tenants/me/llm-config';

describe('PATCH /tenants/me/llm-config', () => {
  test('answers the flat view, as GET does', async ({ api, keys }) => {
    const key = newKey();
    const patched = await api.call(keys.user, 'PATCH', path, {
      embedding_api_key: `  ${key}\n`,
      embedding_model: 'own-model',
      monthly_token_budget: 1_000,
    });
    expect(patched.status).toBe(200);
    expect(patched.body).toEqual({
      has_api_key: false,
      api_key_hint: null,
      api_key_status: 'none',
      api_key_updated_at: null,
      has_embedding_key: true,
      embedding_api_key_hint: `...${key.slice(-4)}`,
      embedding_key_status: 'unverified',
      embedding_key_updated_at: expect.stringMatching(/^\d{4}-.*Z$/),
      embedding_provider: null,
      embedding_base_url: null,
      embedding_model: 'own-model',
      embedding_dimensions: null,
      rerank_model: null,
      extraction_model: null,
      classification_model: null,
      merge_model: null,
      monthly_token_budget: 1_000,
      effective: {
        embedding_provider: 'default',
        embedding_base_url: 'http://127.0.0.1:9/v1',
        embedding_model: 'own-model',
        embedding_dimensions: null,
        rerank_model: null,
        extraction_model: expect.stringContaining('claude'),
        classification_model: expect.stringContaining('claude'),
        merge_model: expect.stringContaining('claude'),
      },
      profile: {
        ...{ encoding: 'float', dimensions_parameter: 'dimensions', input_style: 'none' },
        ...{ max_inputs: null, max_request_tokens: null, max_input_tokens: null, found_at: null },
      },
    });
    expect((await api.call(keys.user, 'GET', path)).body).toEqual(patched.body);
  });

  test.for<[string, unknown]>([
    ['api_key', 'too-short'],
    ['embedding_api_key', 'k'.repeat(501)],
    ['embedding_api_key', `${'k'.repeat(30)}\u0000`],
    ['embedding_api_key', `${'k'.repeat(30)}\ud800`],
    ['embedding_model', 'a model'],
    ['monthly_token_budget', -1],
    ['unknown_field', 1],
  ])('refuses what it cannot take as %s, and changes nothing', async ([field, value], { api, keys }) => {
    const before = await api.call(keys.user, 'GET', path);
    const refused = await api.call(keys.user, 'PATCH', path, { merge_model: 'm', [field]: value });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: 'validation_failed', errors: [{ path: field }] });
    expect((await api.call(keys.user, 'GET', path)).body).toEqual(before.body);
  });

  test('answers 503 while Vault is unreachable, and GET still works', async ({ api, keys }) => {
    await api.vault.cut();
    try {
      const refused = await api.call(keys.user, 'PATCH', path, { embedding_api_key: newKey() });
      expect([refused.status, refused.body.code]).toEqual([503, 'vault_unavailable']);
      expect(refused.headers.get('retry-after')).toBe('5');
      expect((await api.call(keys.user, 'GET', path)).body).toMatchObject({ has_embedding_key: false });
    } finally {
      await api.vault.restore();
    }
    const set = await api.call(keys.user, 'PATCH', path, { embedding_api_key: newKey() });
    expect(set.body).toMatchObject({ has_embedding_key: true });
  });

  test('succeeds for twenty at once that are the first', async ({ api, keys }) => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.call(keys.user, 'PATCH', path, { api_key: newKey() })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  test('is in the log with the acting key’s id and label', async ({ api, keys }) => {
    const own = (await api.call(keys.user, 'GET', '/api-keys')).body.data.find(
      (key: { role: string }) => key.role === 'user',
    );
    await api.call(keys.user, 'PATCH', path, { api_key: newKey() });
    await api.call(keys.user, 'PATCH', path, { api_key: null });
    const log = await api.call(keys.user, 'GET', '/audit?subject_kind=llm_config');
    expect(log.body.data.map(({ action }: { action: string }) => action)).toEqual([
      'llm_config.key_removed',
      'llm_config.updated',
      'llm_config.key_set',
      'llm_config.updated',
    ]);
    for (const { actor } of log.body.data) {
      expect(actor).toEqual({ key_id: own.id, label: 'user', role: 'user', via: null });
    }
  });
});

test('no answer, log row or log line holds a provider’s key or a piece of one', async ({ api, keys }) => {
  const secrets = Array.from({ length: 5 }, newKey);
  const [first, second, third, fourth, fifth] = secrets;
  const answers = [
    await api.call(keys.user, 'PATCH', path, { api_key: first, embedding_api_key: second }),
    await api.call(keys.user, 'PATCH', path, { api_key: `${third}é` }),
    await api.call(keys.user, 'PATCH', path, { embedding_model: `not a model ${fourth}`.slice(0, 11) }),
    await api.call(keys.user, 'PATCH', path, { embedding_api_key: [fourth] }),
    await api.call(keys.agent, 'PATCH', path, { embedding_api_key: fourth }),
    await api.call(keys.user, 'GET', path),
  ];
  await api.vault.cut();
  try {
    answers.push(await api.call(keys.user, 'PATCH', path, { embedding_api_key: fifth }));
  } finally {
    await api.vault.restore();
  }
  answers.push(await api.call(keys.user, 'GET', '/audit'));
  expect(answers.map(({ status }) => status)).toEqual([200, 422, 422, 422, 403, 200, 503, 200]);
  for (const secret of secrets) {
    for (const { text } of answers) expect(piecesIn(text, secret)).toEqual([]);
    expect(piecesIn(api.logged(), secret)).toEqual([]);
  }
});

test('one tenant’s settings are nothing to another', async ({ api }) => {
  const [one, other] = [await api.tenant(), await api.tenant()];
  await api.call(one.keys.user, 'PATCH', path, { embedding_api_key: newKey(), merge_model: 'one' });
  expect((await api.call(other.keys.user, 'GET', path)).body).toMatchObject({
    has_embedding_key: false,
    merge_model: null,
  });
  const log = await api.call(other.keys.user, 'GET', '/audit?subject_kind=llm_config');
  expect(log.body.data).toEqual([]);
});

function newKey(): string {
  return `sk-${randomBytes(30).toString('base64url')}`;
}
