import { embedOnce } from '../../support/embed-once.ts';
import { factsOfService } from '../../support/fixtures.ts';
import type { ProviderTwin, TwinStep } from '../../support/provider-twin.ts';
import type { RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

/** The vendors that rerank, and the end of the address at which their embeddings are. */
const addressEnds = { cohere: '/compatibility/v1', voyage: '/v1', jina: '/v1' } as const;
export type RerankVendorName = keyof typeof addressEnds;

/** Facts about reranked searches: `reranking` is a tenant of each fact whose provider is the twin, as Voyage. */
export const factsOfReranking = (variables: Readonly<Record<string, string>> = {}) =>
  factsOfService(() => ({ TEMPORAL_ADDRESS: '127.0.0.1:1', PROVIDER_URLS: 'any', ...variables })).extend(
    'reranking',
    async ({ service, tenant, twin, key }) => {
      await chooseVendor(service, tenant, twin, key);
      return rerankingTenant(service, tenant);
    },
  );

/** Puts a tenant's provider at the twin. A vendor whose address is its own can be put there in the database only. */
export async function chooseVendor(
  service: RunningService,
  tenant: TestTenant,
  twin: ProviderTwin,
  key: string,
  vendor: RerankVendorName | 'mistral' = 'voyage',
): Promise<void> {
  const end = vendor === 'mistral' ? '/v1' : addressEnds[vendor];
  const changed = await service.call(tenant.keys.user, 'PATCH', '/tenants/me/llm-config', {
    embedding_provider: 'custom',
    embedding_base_url: twin.baseUrl.replace('/v1', end),
    embedding_model: 'some-model',
    embedding_api_key: key,
  });
  if (changed.status !== 200) throw new Error(JSON.stringify(changed.body));
  await service.db.rawAsOwner('update llm_settings set embedding_provider = $1 where tenant_id = $2', [
    vendor,
    tenant.id,
  ]);
}

export type RerankingTenant = ReturnType<typeof rerankingTenant>;

/** A tenant with articles, as its people search them. */
export function rerankingTenant(service: RunningService, tenant: TestTenant) {
  const write = async (title: string, body: string): Promise<string> => {
    const written = await service.call(tenant.keys.user, 'POST', '/articles', {
      ...{ title, body, category: 'reference', force: true },
    });
    return written.body.data.id;
  };
  return {
    ...tenant,
    write,
    /** Articles that all have the word `pump`, the first one most of it. */
    async writePumps(count: number) {
      for (let i = 0; i < count; i += 1)
        await write(`Pump ${String(i).padStart(2, '0')}`, `The pump. ${'More about it. '.repeat(i + 1)}`);
    },
    async embed(title: string, body: string): Promise<void> {
      const article = { tenantId: tenant.id, articleId: await write(title, body) };
      for (let steps = 0; steps < 20 && (await embedOnce(service, article)) === 'more'; steps += 1);
    },
    /** A search, by words and reranked where it says nothing else. */
    async search(query: Readonly<Record<string, string>> = {}) {
      const asked = new URLSearchParams({ q: 'pump', mode: 'keyword', rerank: 'true', ...query });
      const { status, body } = await service.call(tenant.keys.agent, 'GET', `/knowledge/search?${asked}`);
      if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
      const titles: string[] = body.data.map(({ title }: { title: string }) => title);
      return { titles, body, meta: body.meta };
    },
  };
}

/** An answer whose scores are those of the texts in their order, in Voyage's form. */
export const scoring = (...scores: readonly number[]): TwinStep => ({
  kind: 'raw',
  body: JSON.stringify({
    object: 'list',
    data: scores.map((relevance_score, index) => ({ index, relevance_score })),
    model: 'rerank-2.5',
    usage: { total_tokens: 57 },
  }),
});

/** An answer that turns the order of the texts around, however many they are. */
export const turningAround: TwinStep = {
  kind: 'by',
  step: (texts) => scoring(...texts.map((_, index) => index)),
};
