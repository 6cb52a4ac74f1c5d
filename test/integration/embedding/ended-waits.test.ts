import { expect, vi } from 'vitest';
import { factsOfService } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import { eventually, type RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

const it = factsOfService(() => ({ EMBEDDING_DEFAULT_MODEL: 'twin-model' }));

/** Far below the wait that is ended, and far above what an embedding takes here. */
const soonMs = 60_000;

it.for(['another key and "embed again"', '"embed again"', 'an edit'] as const)(
  'a wait of five minutes that a provider asks for is ended by %s',
  { timeout: 180_000 },
  async (end, { twin, service, tenant, key }) => {
    await service.startWorker();
    twin.script(key, [{ kind: 'status', status: 429, headers: { 'retry-after': '300' } }]);
    const id = await publish(service, tenant);
    await vi.waitFor(
      async () => {
        const { status, reason, next_attempt_at } = await embeddingOf(service, tenant, id);
        expect({ status, reason }).toEqual({ status: 'pending', reason: 'provider_rate_limited' });
        expect(Date.parse(next_attempt_at) - Date.now()).toBeGreaterThan(200_000);
      },
      { timeout: 30_000 },
    );

    if (end === 'an edit') {
      const path = `/articles/${id}`;
      expect((await service.call(tenant.keys.user, 'PATCH', path, { body: 'Another text.' })).status).toBe(
        200,
      );
    } else {
      if (end.startsWith('another key')) await tenant.setEmbeddingKey(twinKey());
      const path = `/articles/${id}/embedding/retry`;
      expect((await service.call(tenant.keys.orchestrator, 'POST', path, {})).status).toBe(202);
    }
    await eventually(
      async () => ((await embeddingOf(service, tenant, id)).status === 'embedded' ? true : undefined),
      soonMs,
    );
  },
);

async function publish(service: RunningService, tenant: TestTenant): Promise<string> {
  const text = { title: 'Limits', body: 'A text.', category: 'finding', force: true };
  const { status, body } = await service.call(tenant.keys.agent, 'POST', '/articles', text);
  expect(status).toBe(201);
  return body.data.id;
}

async function embeddingOf(service: RunningService, tenant: TestTenant, id: string) {
  const { body } = await service.call(tenant.keys.agent, 'GET', `/articles/${id}`);
  return body.data.embedding;
}
