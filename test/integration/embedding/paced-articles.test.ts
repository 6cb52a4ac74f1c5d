import { expect, vi } from 'vitest';
import { factsOfService } from '../../support/fixtures.ts';
import { type TwinStep, twinKey } from '../../support/provider-twin.ts';
import { eventually, type RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

const it = factsOfService(() => ({ EMBEDDING_DEFAULT_MODEL: 'twin-model' })).extend(
  'articles',
  ({ service, tenant }) => articlesOf(service, tenant),
);

/** Far below the waits that are ended, and far above what twelve embeddings take here. */
const soonMs = 100_000;
const limited = (headers: Readonly<Record<string, string>> = {}): TwinStep => ({
  ...{ kind: 'status', status: 429, headers },
});

it.for(['are written with the key', 'have waited for the key'] as const)(
  'twelve articles that %s make one call when it is limited, and another key embeds them within seconds',
  {
    timeout: 300_000,
  },
  async (order, { twin, service, key }) => {
    const worker = await service.startWorker();
    const tenant = await service.createTenant();
    const articles = articlesOf(service, tenant);
    twin.script(key, [], limited({ 'retry-after': '120' }));
    if (order === 'are written with the key') await tenant.setEmbeddingKey(key);
    await articles.publish(12);
    if (order === 'have waited for the key') {
      await articles.until({ status: 'blocked', reason: 'no_api_key' });
      await tenant.setEmbeddingKey(key);
    }
    const waits = { status: 'pending', reason: 'provider_rate_limited', next_attempt_at: expect.any(String) };
    await articles.until(waits);
    expect(twin.callsOf(key)).toHaveLength(1);

    const another = twinKey();
    await tenant.setEmbeddingKey(another);
    await articles.until({ status: 'embedded', reason: null });
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(twin.callsOf(another)).toHaveLength(12);
    await worker.stop();
  },
);

it('twelve articles are embedded after a pause without a time, by few refused calls', {
  timeout: 300_000,
}, async ({ twin, service, key, articles }) => {
  const worker = await service.startWorker();
  twin.script(key, [limited(), limited()]);
  await articles.publish(12);
  await articles.until({ status: 'embedded', reason: null });
  expect(twin.callsOf(key)).toHaveLength(2 + 12);
  await worker.stop();
});

it('a used up quota blocks the tenant’s other articles without a call; after the pause one tries for all', {
  timeout: 300_000,
}, async ({ twin, service, tenant, key, articles }) => {
  const worker = await service.startWorker();
  twin.script(key, [], { kind: 'status', status: 402 });
  await articles.publish(12);
  const blocked = { status: 'blocked', reason: 'quota_exhausted', next_attempt_at: expect.any(String) };
  await articles.until(blocked);
  expect(twin.callsOf(key)).toHaveLength(1);

  const { backlog } = service.services;
  await backlog.requeueStuck();
  expect(await articles.pending()).toBe(0);
  const endPause = () =>
    service.db.rawAsOwner('update provider_limits set paused_until = now() where tenant_id = $1', [
      tenant.id,
    ]);
  await endPause();
  const started = await Promise.all([backlog.requeueStuck(), backlog.requeueStuck()]);
  expect(started.reduce((sum, articles) => sum + articles)).toBe(1);
  await vi.waitFor(() => expect(twin.callsOf(key)).toHaveLength(2), { timeout: soonMs });
  await articles.until(blocked);

  twin.script(key, []);
  await endPause();
  await backlog.requeueStuck();
  await eventually(async () => ((await articles.count('embedded')) > 0 ? true : undefined), soonMs);
  await backlog.requeueStuck();
  await articles.until({ status: 'embedded', reason: null });
  // Articles share calls, and each is sent once.
  expect(
    twin
      .callsOf(key)
      .slice(2)
      .flatMap(({ inputs }) => inputs),
  ).toHaveLength(12);
  await worker.stop();
});

it('a test of the key that passes wakes what a quota has blocked', { timeout: 300_000 }, async ({
  twin,
  service,
  tenant,
  key,
  articles,
}) => {
  const worker = await service.startWorker();
  twin.script(key, [{ kind: 'status', status: 402 }]);
  await articles.publish(3);
  await articles.until({ status: 'blocked', reason: 'quota_exhausted' });
  expect(
    (await service.call(tenant.keys.user, 'POST', '/tenants/me/llm-config/verify', {})).body.data.embedding,
  ).toMatchObject({ ok: true });
  await articles.until({ status: 'embedded', reason: null });
  await worker.stop();
});

/** The articles that a fact has published. */
function articlesOf(service: RunningService, tenant: TestTenant) {
  const ids: string[] = [];
  const embeddings = async () => {
    const answers = await Promise.all(
      ids.map((id) => service.call(tenant.keys.agent, 'GET', `/articles/${id}`)),
    );
    return answers.map(({ body }) => body.data.embedding);
  };
  const count = async (status: string) =>
    (await embeddings()).filter((each) => each.status === status).length;
  return {
    count,
    pending: () => count('pending'),
    async publish(number: number) {
      for (let written = 0; written < number; written += 1) {
        const text = { title: `Limits ${written}`, body: `A text, the one of ${written}.` };
        const article = { ...text, category: 'finding', force: true };
        const { status, body } = await service.call(tenant.keys.agent, 'POST', '/articles', article);
        expect(status).toBe(201);
        ids.push(body.data.id);
      }
    },
    until: (expected: object) =>
      vi.waitFor(async () => expect(await embeddings()).toMatchObject(ids.map(() => expected)), {
        timeout: soonMs,
        interval: 100,
      }),
  };
}
