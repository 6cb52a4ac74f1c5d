import { randomBytes } from 'node:crypto';
import { test as base, describe, expect } from 'vitest';
import { installationOf } from '../../support/catalogue.ts';
import { piecesIn, type SettingsApi, startSettingsApi } from './settings-api.ts';

const path = '/tenants/me/llm-config';
const twenty = 'k'.repeat(20);
const newKey = () => `sk-${randomBytes(30).toString('base64url')}`;

/** Hosts that resolve to private addresses in these facts. */
const privateHosts = [
  'internal.example',
  '10.0.0.8',
  '169.254.169.254',
  '[::ffff:7f00:1]',
  '127.0.0.1',
  '[fd00::1]',
];
const verdictOn = (host: string) =>
  privateHosts.includes(host) ? 'forbidden' : host === 'gone.example' ? 'unresolved' : 'allowed';

const test = base
  .extend('api', { scope: 'file' }, async ({}, { onCleanup }): Promise<SettingsApi> => {
    const api = await startSettingsApi(installationOf('public', verdictOn));
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

describe('a chosen provider', () => {
  test('is stored, shown and in effect with its own address and model', async ({ api, keys, patch }) => {
    const answer = await patch({ embedding_provider: 'mistral', embedding_api_key: newKey() });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      embedding_provider: 'mistral',
      embedding_base_url: null,
      embedding_model: null,
      effective: {
        embedding_provider: 'mistral',
        embedding_base_url: 'https://api.mistral.ai/v1',
        embedding_model: 'mistral-embed',
        embedding_dimensions: 1024,
      },
    });
    expect(answer.body).not.toHaveProperty('notices');
    expect((await api.call(keys.user, 'GET', path)).body).toEqual(answer.body);
    const log = await api.call(keys.user, 'GET', '/audit?subject_kind=llm_config');
    expect(log.body.data.at(-1).details).toEqual({
      fields: ['embedding_provider', 'embedding_api_key'],
      embedding_provider: 'mistral',
    });
  });

  test('may have an address in parts, whose whole form is stored', async ({ patch }) => {
    const answer = await patch({
      embedding_provider: 'azure-openai-classic',
      embedding_base_url: 'resource=contoso&deployment=small',
      embedding_api_key: newKey(),
    });
    expect(answer.body).toMatchObject({
      embedding_base_url: 'https://contoso.openai.azure.com/openai/deployments/small?api-version=2024-10-21',
      notices: [{ path: 'embedding_model', message: expect.stringContaining('no default model') }],
    });
  });

  test('that is custom has the address as it was put right, and that is told', async ({ patch }) => {
    const answer = await patch({
      embedding_provider: 'custom',
      embedding_base_url: ' https://Gateway.example/v1/v1/embeddings/ ',
      embedding_model: '@cf/baai/bge-m3',
      embedding_api_key: `Bearer "${newKey()}"`,
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      embedding_base_url: 'https://gateway.example/v1',
      effective: { embedding_base_url: 'https://gateway.example/v1', embedding_model: '@cf/baai/bge-m3' },
      notices: [
        { path: 'embedding_api_key', message: expect.stringContaining('Bearer') },
        { path: 'embedding_api_key', message: expect.stringContaining('quotes') },
        { path: 'embedding_base_url', message: expect.stringContaining('https://gateway.example/v1') },
      ],
    });
  });

  test('gives up an address that is not its own', async ({ patch }) => {
    await patch({ embedding_provider: 'custom', embedding_base_url: 'https://gateway.example/v1' });
    expect((await patch({ embedding_provider: 'openai' })).body).toMatchObject({
      embedding_base_url: null,
      notices: [{ path: 'embedding_base_url', message: expect.stringContaining('taken out') }],
    });
    await patch({ embedding_provider: 'custom', embedding_base_url: 'https://gateway.example/v1' });
    expect((await patch({ embedding_provider: null })).body).toMatchObject({
      embedding_provider: null,
      embedding_base_url: null,
      effective: { embedding_provider: 'default', embedding_base_url: 'http://127.0.0.1:9/v1' },
    });
  });

  test.for<[Record<string, unknown>, string, RegExp]>([
    [{ embedding_provider: 'nobody' }, 'embedding_provider', /must be one of default, openai/],
    [{ embedding_provider: 'custom' }, 'embedding_base_url', /is needed/],
    [{ embedding_provider: 'azure-openai' }, 'embedding_base_url', /resource=contoso/],
    [{ embedding_base_url: 'https://gateway.example/v1' }, 'embedding_base_url', /"custom"/],
    [
      { embedding_provider: 'openai', embedding_base_url: 'https://gateway.example' },
      'embedding_base_url',
      /OpenAI/,
    ],
    [
      { embedding_provider: 'custom', embedding_base_url: 'ftp://gateway.example' },
      'embedding_base_url',
      /https/,
    ],
    [
      { embedding_provider: 'custom', embedding_base_url: 'https://a:b@gateway.example' },
      'embedding_base_url',
      /user/,
    ],
    [
      { embedding_provider: 'custom', embedding_base_url: 'https://gateway.example#x' },
      'embedding_base_url',
      /fragment/,
    ],
    [
      { embedding_provider: 'custom', embedding_base_url: 'https://gateway.example?key=1' },
      'embedding_base_url',
      /query/,
    ],
    [
      { embedding_provider: 'custom', embedding_base_url: 'https://gate\nway.example' },
      'embedding_base_url',
      /character 13/,
    ],
    [
      { embedding_provider: 'custom', embedding_base_url: 'https://g\u0430teway.example' },
      'embedding_base_url',
      /scripts/,
    ],
    [{ embedding_provider: 'mistral', embedding_dimensions: 512 }, 'embedding_dimensions', /must be 1024/],
    [
      { embedding_provider: 'voyage', embedding_dimensions: 500 },
      'embedding_dimensions',
      /256, 512, 1024, 2048/,
    ],
    [
      {
        embedding_provider: 'azure-openai',
        embedding_base_url: 'https://contoso.openai.azure.com/openai/deployments/d?api-version=2024-10-21',
      },
      'embedding_base_url',
      /set the embedding_provider to "azure-openai-classic"/,
    ],
    [{ embedding_dimensions: 0 }, 'embedding_dimensions', /1 to 16000/],
    [{ embedding_model: 'a model' }, 'embedding_model', /letters/],
    [{ embedding_api_key: 'k'.repeat(19) }, 'embedding_api_key', /20 to 500.*has 19/],
    [{ api_key: 'k'.repeat(19) }, 'api_key', /20 to 500.*has 19/],
    [{ embedding_api_key: `sk-12345678\n${twenty}` }, 'embedding_api_key', /a line break at character 12/],
    [{ api_key: `sk-1234\u200b${twenty}` }, 'api_key', /a zero-width character at character 8/],
    [{ embedding_api_key: `lk_${'a'.repeat(43)}` }, 'embedding_api_key', /a key of Lorekeep/],
    [{ api_key: 'sk-ant-*********************abcd' }, 'api_key', /masked \(at character 8\)/],
    [{ embedding_api_key: `sk-1234é${twenty}` }, 'embedding_api_key', /outside ASCII at character 8/],
    [
      {
        ...{ embedding_provider: 'custom', embedding_api_key: twenty },
        embedding_base_url: `https://gateway.example/${twenty}/v1`,
      },
      'embedding_base_url',
      /holds a key/,
    ],
    [{ embedding_api_key: twenty, embedding_model: `Bearer:${twenty}` }, 'embedding_model', /holds a key/],
    [{ api_key: `"${twenty}"`, extraction_model: twenty }, 'extraction_model', /holds a key/],
  ])('%j is refused at %s, and nothing is stored', async ([body, field, message], { api, keys, patch }) => {
    const before = await api.call(keys.user, 'GET', path);
    const refused = await patch({ merge_model: 'm', ...body });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: field, message: expect.stringMatching(message) }],
    });
    expect((await api.call(keys.user, 'GET', path)).body).toEqual(before.body);
  });

  test('keeps the model and dimensions of the former one, and says so where they are not known to fit', async ({
    api,
    keys,
    patch,
  }) => {
    await patch({
      embedding_provider: 'openai',
      embedding_model: 'text-embedding-3-small',
      embedding_dimensions: 512,
    });
    const other = await patch({ embedding_provider: 'gemini' });
    expect(other.body).toMatchObject({
      embedding_model: 'text-embedding-3-small',
      embedding_dimensions: 512,
    });
    expect(other.body.notices).toEqual([
      {
        path: 'embedding_model',
        message: 'text-embedding-3-small was kept from the former provider; null takes the default.',
      },
      {
        path: 'embedding_dimensions',
        message: '512 was kept from the former provider; null takes the default.',
      },
    ]);
    // Nothing is said of what fits, nor of what the change names.
    const fits = { embedding_provider: 'openai', embedding_dimensions: 512 };
    expect((await patch(fits)).body).not.toHaveProperty('notices');
    const log = await api.call(keys.user, 'GET', '/audit?subject_kind=llm_config');
    expect(log.body.data[0].details).toEqual({
      fields: ['embedding_provider'],
      embedding_provider: 'openai',
    });
    const refused = await patch({ embedding_provider: 'mistral', embedding_model: null });
    expect(refused.body.errors).toEqual([
      { path: 'embedding_dimensions', message: expect.stringMatching(/^must be 1024 .*; 512 was kept from/) },
    ]);
  });

  test.for([
    ['http://gateway.example/v1', 'http'],
    ['https://internal.example/v1', 'a private address'],
    ['https://10.0.0.8/v1', 'a private address'],
    ['https://2130706433/v1', 'a private address'],
    ['https://0x7f.1/v1', 'a private address'],
    ['https://0177.0.0.1/v1', 'a private address'],
    ['https://[::ffff:127.0.0.1]/v1', 'a private address'],
    ['https://[fd00::1]/v1', 'a private address'],
    ['https://169.254.169.254/latest', 'a private address'],
  ] as const)(
    'at %s is forbidden as %s, and nothing is stored',
    async ([address, reason], { api, keys, patch }) => {
      const refused = await patch({
        embedding_provider: 'custom',
        embedding_base_url: address,
        embedding_api_key: twenty,
      });
      expect(refused.status).toBe(422);
      expect(refused.body).toMatchObject({
        code: 'address_forbidden',
        detail: expect.stringMatching(`${reason}.*The operator's PROVIDER_URLS decides`),
        errors: [{ path: 'embedding_base_url' }],
      });
      expect((await api.call(keys.user, 'GET', path)).body).toMatchObject({
        has_embedding_key: false,
        embedding_provider: null,
      });
    },
  );

  test('whose name is not found now is taken: its address is checked when it is connected to', async ({
    patch,
  }) => {
    const answer = await patch({
      embedding_provider: 'custom',
      embedding_base_url: 'https://gone.example/v1',
    });
    expect(answer.body).toMatchObject({ embedding_base_url: 'https://gone.example/v1' });
  });

  test('that needs no key takes a short one, of which the hint shows nothing', async ({ patch }) => {
    const answer = await patch({
      embedding_provider: 'ollama',
      embedding_base_url: 'https://ollama.example/v1',
      embedding_api_key: 'abcd',
    });
    expect(answer.body).toMatchObject({ has_embedding_key: true, embedding_api_key_hint: '...' });
    // It is too short for one that needs a key, whatever was allowed before.
    const refused = await patch({ embedding_provider: 'openai', embedding_api_key: 'abcd' });
    expect(refused.body).toMatchObject({ errors: [{ path: 'embedding_api_key' }] });
  });
});

describe('a stored key', () => {
  test.for<[string, Record<string, unknown>]>([
    ['another provider', { embedding_provider: 'openai' }],
    ['another address', { embedding_base_url: 'https://other.example/v1' }],
    ['another path', { embedding_base_url: 'https://gateway.example/v2' }],
    ['the default provider', { embedding_provider: null, embedding_base_url: null }],
  ])('does not go to %s: it is needed again', async ([, change], { api, keys, patch }) => {
    const own = { embedding_provider: 'custom', embedding_base_url: 'https://gateway.example/v1' };
    await patch({ ...own, embedding_api_key: newKey() });
    const before = await api.call(keys.user, 'GET', path);
    const refused = await patch({ ...change, merge_model: 'm' });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: 'embedding_api_key', message: expect.stringContaining('needed again') }],
    });
    expect((await api.call(keys.user, 'GET', path)).body).toEqual(before.body);
    // What stays as it is needs no key, and null removes it.
    expect((await patch({ ...own, embedding_model: 'm2' })).status).toBe(200);
    expect((await patch({ ...change, embedding_api_key: null })).body).toMatchObject({
      has_embedding_key: false,
    });
  });
});

test('no answer, log row or log line holds a pasted key or a piece of one', async ({ api, keys, patch }) => {
  const secrets = Array.from({ length: 4 }, newKey);
  const [first = '', second = '', third = '', fourth = ''] = secrets;
  const texts = [
    await patch({ embedding_api_key: `export A="Bearer ${first}"` }),
    await patch({ embedding_api_key: `${second.slice(0, 20)}\n${second.slice(20)}` }),
    await patch({ embedding_provider: 'custom', embedding_base_url: `https://${third}@gateway.example/v1` }),
    await patch({
      embedding_provider: 'custom',
      embedding_base_url: `https://gateway.example/v1?key=${fourth}`,
    }),
    await api.call(keys.user, 'GET', '/audit'),
  ].map(({ text }) => text);
  for (const secret of secrets) {
    for (const text of [...texts, api.logged()]) expect(piecesIn(text, secret)).toEqual([]);
  }
});
