import { expect, test } from 'vitest';
import type { ApiRequest } from '../../../src/stack/api-client.ts';
import { giveEmbeddingKey } from '../../../src/stack/demo-tenant.ts';

test.each([
  ['has no key', { hasKey: false, provider: 'default', code: undefined }, true],
  ['has a key that works', { hasKey: true, provider: 'default', code: undefined }, false],
  [
    'has a key that was set for another port',
    { hasKey: true, provider: 'default', code: 'key_unusable' },
    true,
  ],
  [
    'has a key while the server is down',
    { hasKey: true, provider: 'default', code: 'provider_unavailable' },
    false,
  ],
  ['has chosen another provider', { hasKey: true, provider: 'openai', code: 'key_unusable' }, false],
])('a demo tenant that %s', async (_, { hasKey, provider, code }, isGivenOne) => {
  const asked: string[] = [];
  const view = { has_embedding_key: hasKey, effective: { embedding_provider: provider } };
  await giveEmbeddingKey(async ({ method = 'GET', path }: ApiRequest) => {
    asked.push(`${method} ${path}`);
    const body = path.endsWith('/verify')
      ? { data: { embedding: { ok: code === undefined, ...(code === undefined ? {} : { code }) } } }
      : view;
    return { status: 200, body };
  }, 'lk_user');
  expect(asked.includes('PATCH /tenants/me/llm-config')).toBe(isGivenOne);
  // A tenant's own provider is never called for this.
  expect(asked.some((request) => request.endsWith('/verify'))).toBe(hasKey && provider === 'default');
});
