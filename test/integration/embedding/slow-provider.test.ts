import { expect, vi } from 'vitest';
import { factsOfService } from '../../support/fixtures.ts';
import { heldAnswer } from '../../support/held-answer.ts';
import { twinKey } from '../../support/provider-twin.ts';
import { eventually, type RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

// Five provider calls at once: two for one tenant at most. A call that is not answered ends after 40 s.
const it = factsOfService(() => ({
  WORKER_MAX_ACTIVITIES: '5',
  EMBEDDING_DEFAULT_MODEL: 'twin-model',
  EMBEDDING_WORKFLOW_TIMEOUT_MS: '40000',
}));

async function publish(service: RunningService, tenant: TestTenant, title: string): Promise<string> {
  const answer = await service.call(tenant.keys.agent, 'POST', '/articles', {
    title,
    body: `${title}: words that no other article has.`,
    category: 'finding',
    force: true,
  });
  expect(answer.status).toBe(201);
  return answer.body.data.id;
}

it('a provider that does not answer delays its own tenant’s articles, and no other tenant’s', async ({
  twin,
  service,
}) => {
  await service.startWorker();
  const [slowKey, quickKey] = [twinKey(), twinKey()];
  const slow = await service.createTenant(slowKey);
  const quick = await service.createTenant(quickKey);
  const held = heldAnswer();
  twin.script(slowKey, [], held.step);
  await Promise.all(Array.from({ length: 60 }, (_, i) => publish(service, slow, `Slow ${i}`)));
  await vi.waitUntil(() => twin.callsOf(slowKey).length === 2, { timeout: 30_000 });
  // The others of the tenant have asked, too.
  await vi.waitUntil(() => service.services.shares.providerCalls.refused > 10, { timeout: 30_000 });

  const id = await publish(service, quick, 'Quick');
  await eventually(async () => {
    const { body } = await service.call(quick.keys.agent, 'GET', `/articles/${id}`);
    return body.data.embedding.status === 'embedded' ? true : undefined;
  });
  // All that time the slow tenant had its two calls under way, and no other.
  expect(twin.callsOf(slowKey)).toHaveLength(2);
  expect(twin.mostAtOnce(slowKey)).toBe(2);

  // What waited is embedded once the provider is quick.
  twin.script(slowKey, []);
  held.release();
  await eventually(async () => {
    const [row] = await service.db.rawAsOwner(
      `select count(*)::int as pending from article_embeddings where tenant_id = $1 and status = 'pending'`,
      [slow.id],
    );
    return row?.pending === 0 ? true : undefined;
  }, 150_000);
}, 240_000);
