import { expect } from 'vitest';
import { factsOfService } from '../../support/fixtures.ts';
import { eventually, type RunningService } from '../../support/running-service.ts';
import type { TestTenant } from '../../support/test-services.ts';

const it = factsOfService(() => ({ WORKER_MAX_ACTIVITIES: '30', EMBEDDING_DEFAULT_MODEL: 'twin-model' }));

const articles = 12;

it('twelve articles with one body of eight sections, written at once, buy each of their chunks once', {
  timeout: 180_000,
}, async ({ twin, service, tenant, key }) => {
  await service.startWorker();
  twin.script(key, [], { kind: 'ok', delayMs: 700 });
  const posted = await Promise.all(
    Array.from({ length: articles }, (_, i) => publish(service, tenant, `Article ${i}`)),
  );
  expect(posted.map(({ status }) => status)).toEqual(Array(articles).fill(201));
  await eventually(async () => {
    const [row] = await service.db.rawAsOwner(
      `select count(*)::int as embedded from article_embeddings where tenant_id = $1 and status = 'embedded'`,
      [tenant.id],
    );
    return row?.embedded === articles ? true : undefined;
  }, 120_000);
  const bought = twin.callsOf(key).flatMap(({ inputs }) => inputs);
  expect(bought.length).toBe(new Set(bought).size);
  // The title stands in the first chunk, so that each article has one of its own.
  expect(bought.length).toBeGreaterThan(articles);
});

const words = (section: number) =>
  Array.from({ length: 180 }, (_, i) => `word${(section * 7 + i * 13) % 97}`).join(' ');
const body = Array.from({ length: 8 }, (_, i) => `## Section ${i}\n\n${words(i)}`).join('\n\n');

const publish = (service: RunningService, tenant: TestTenant, title: string) =>
  service.call(tenant.keys.agent, 'POST', '/articles', { title, body, category: 'finding', force: true });
