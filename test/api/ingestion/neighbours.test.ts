import { describe, expect } from 'vitest';
import { factsOfService } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import { eventually } from '../../support/running-service.ts';
import { startSilentServer } from '../../support/silent-server.ts';
import type { TestTenant } from '../../support/test-services.ts';
import { ingestionApi } from './ingestion-api.ts';

/** Of twenty slots for calls a tenant has eight, and a document asks about four of its parts at once. */
const slots = { WORKER_MAX_ACTIVITIES: '20', DATABASE_POOL_SIZE: '20' };
const slotsOfTenant = 8;

const it = factsOfService(({ twin }) => ({ ANTHROPIC_BASE_URL: twin.anthropicBaseUrl, ...slots }))
  .extend('worker', { scope: 'file', auto: true }, async ({ service }, { onCleanup }) => {
    const worker = await service.startWorker();
    onCleanup(() => worker.stop());
    return worker;
  })
  .extend('hanging', async ({ service, twin }, { onCleanup }) => {
    const tenant = await service.createTenant();
    const modelKey = twinKey();
    await tenant.setAnthropicKey(modelKey);
    let answer = (): void => undefined;
    const heldUntil = new Promise<void>((resolve) => {
      answer = resolve;
    });
    onCleanup(answer);
    twin.script(modelKey, [], { kind: 'ok', heldUntil });
    return { tenant, modelKey, api: ingestionApi(service, tenant) };
  })
  .extend('silentPage', { scope: 'file' }, async ({}, { onCleanup }) => {
    const { port, close } = await startSilentServer();
    onCleanup(close);
    return `http://silent.example:${port}`;
  })
  .extend('calm', async ({ service, tenant }): Promise<TestTenant> => {
    await tenant.setAnthropicKey(twinKey());
    await service.call(tenant.keys.agent, 'POST', '/articles', words('before'));
    return tenant;
  });

describe('a tenant with a hundred documents that hang', () => {
  it('uses its own slots, and the document, the article and the search of another tenant go on', async ({
    service,
    twin,
    hanging,
    silentPage,
    calm,
  }) => {
    const long = (number: number) => `# ${number}\n\n${`Words of document ${number}. `.repeat(2_000)}`;
    const texts = Array.from({ length: 50 }, (_, number) => ({ source_type: 'note', content: long(number) }));
    const pages = texts.map((_, number) => ({ source_type: 'note', url: `${silentPage}/${number}` }));
    // By halves, as the body of a request is at most 2 MB.
    for (const items of [texts.slice(0, 25), texts.slice(25), pages]) {
      const { status, body } = await hanging.api.batch(items);
      expect([status, body.data?.length]).toEqual([200, items.length]);
    }
    await eventually(async () => (twin.callsOf(hanging.modelKey).length > 0 ? true : undefined));
    await eventually(async () =>
      service.services.shares.providerCalls.inUse >= slotsOfTenant ? true : undefined,
    );

    const own = ingestionApi(service, calm);
    const { id } = (await own.ingest({ content: long(0) })).body.data;
    const written = (await service.call(calm.keys.agent, 'POST', '/articles', words('during'))).body.data;
    expect((await own.untilStatus(id, 'completed', 'failed')).status).toBe('completed');
    await eventually(async () => {
      const { embedding } = await own.article(written.id);
      return embedding.status === 'embedded' ? true : undefined;
    });
    const found = await service.call(calm.keys.agent, 'GET', '/knowledge/search?q=known%20of%20during');
    expect(found.body.meta).toMatchObject({ served_mode: 'hybrid', fallback: false });
    expect(found.body.data.map((hit: { readonly id: string }) => hit.id)).toContain(written.id);

    expect(twin.mostAtOnce(hanging.modelKey)).toBeLessThanOrEqual(slotsOfTenant);
    const [jobs] = await service.db.rawAsOwner(
      `select count(*)::int as under_way from ingestion_jobs where tenant_id = $1 and status in ('queued', 'running')`,
      [hanging.tenant.id],
    );
    expect(jobs?.under_way).toBeGreaterThan(90);
  }, 300_000);
});

const words = (name: string) => ({
  ...{ title: `About ${name}`, body: `What is known of ${name}.`, category: 'finding', force: true },
});
