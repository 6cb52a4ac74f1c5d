import { describe, expect, inject } from 'vitest';
import { type DialectProxy, startDialectProxy } from '../../support/dialect-proxy.ts';
import { embedOnce } from '../../support/embed-once.ts';
import { factsOfService } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';
import { type DialectName, dialects } from './dialects.ts';

// The vectors are those of a real model: a search by meaning finds the article only if every number has arrived in its place.
const it = factsOfService(() => ({ TEMPORAL_ADDRESS: '127.0.0.1:1', PROVIDER_URLS: 'any' }))
  .extend('proxy', { scope: 'file' }, async ({}, { onCleanup }): Promise<DialectProxy> => {
    const proxy = await startDialectProxy(inject('embeddingUrl'), dialects);
    onCleanup(() => proxy.close());
    return proxy;
  })
  .extend('tenant', ({ service }): Promise<TestTenant> => service.createTenant());

const question = 'when does our pet get its meals';
const answer = 'Feeding the office cat';
const articles = [
  // Three chunks.
  ['Restarting the printer', ['Paper', 'Toner', 'Network'].map(section).join('\n\n')],
  [answer, 'It eats at nine in the morning and at five in the afternoon. Never give it milk.'],
] as const;

describe('a real model behind a server that', () => {
  it.for<[what: string, dialect: DialectName, refusals: number, vendor: string, query?: string]>([
    ['speaks as OpenAI does', 'plain', 0, 'custom'],
    ['does not number its vectors', 'no-index', 0, 'custom'],
    ['answers in base64', 'base64', 0, 'custom'],
    ['tells the total of the tokens only', 'total-tokens', 0, 'custom'],
    ['refuses encoding_format', 'no-encoding-format', 1, 'custom'],
    ['refuses input_type', 'no-input-type', 1, 'nvidia'],
    ['refuses every field but two', 'no-extra-fields', 2, 'nvidia'],
    ['wants the key in a header of its own', 'api-key-header', 0, 'azure-openai'],
    ['takes two texts at most', 'two-inputs', 1, 'custom'],
    ['wants a query string', 'api-version', 0, 'custom', '?api-version=2024-10-21'],
  ])(
    '%s finds the article by its meaning',
    async ([_, dialect, refusals, vendor, query = ''], { service, tenant, proxy }) => {
      const baseUrl = `${proxy.baseUrlOf(dialect)}${query}`;
      await chooseProvider(service, tenant, { vendor, baseUrl });
      for (const [title, body] of articles)
        expect(await embed(service, tenant, title, body)).toBe('embedded');

      const path = `/knowledge/search?mode=semantic&q=${encodeURIComponent(question)}`;
      const { body } = await service.call(tenant.keys.agent, 'GET', path);
      expect(body.meta).toMatchObject({ served_mode: 'semantic', fallback: false });
      expect(body.data[0].title).toBe(answer);
      // What a server refuses is found out once, and not by each article.
      expect(proxy.callsOf(dialect).filter(({ refused }) => refused)).toHaveLength(refusals);
    },
  );
});

function section(name: string): string {
  return `## ${name}\n\n${Array.from({ length: 16 }, (_, i) => `Step ${i} about the ${name.toLowerCase()} of the printer.`).join(' ')}`;
}

/** Sets the provider. A vendor whose address is its own can be put at the proxy in the database only. */
async function chooseProvider(
  service: RunningService,
  tenant: TestTenant,
  { vendor, baseUrl }: { readonly vendor: string; readonly baseUrl: string },
): Promise<void> {
  const changed = await service.call(tenant.keys.user, 'PATCH', '/tenants/me/llm-config', {
    embedding_provider: 'custom',
    embedding_base_url: baseUrl,
    embedding_model: 'multilingual-e5-small',
    embedding_api_key: twinKey(),
  });
  expect(changed.body).toMatchObject({ embedding_base_url: baseUrl });
  await service.db.rawAsOwner('update llm_settings set embedding_provider = $1 where tenant_id = $2', [
    vendor,
    tenant.id,
  ]);
}

/** Writes an article and runs the steps of its workflow until it is embedded. Answers its status. */
async function embed(service: RunningService, tenant: TestTenant, title: string, body: string) {
  const written = await service.call(tenant.keys.user, 'POST', '/articles', {
    ...{ title, body, category: 'reference', force: true },
  });
  const { id } = written.body.data;
  const article = { tenantId: tenant.id, articleId: id };
  for (let steps = 0; steps < 20 && (await embedOnce(service, article)) === 'more'; steps += 1);
  return (await service.call(tenant.keys.agent, 'GET', `/articles/${id}`)).body.data.embedding.status;
}
