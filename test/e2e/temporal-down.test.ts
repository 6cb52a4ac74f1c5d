import { randomUUID } from 'node:crypto';
import { expect, inject } from 'vitest';
import { embedArticleWorkflowId, workflowTypes } from '../../src/domain/temporal-names.ts';
import { createCuttableLink } from '../support/cuttable-link.ts';
import { factsOfService } from '../support/fixtures.ts';
import { eventually, type RunningService, startService } from '../support/running-service.ts';
import type { TestTenant } from '../support/test-services.ts';

// The whole service; API and worker reach the real Temporal server over a link that can be cut.
const it = factsOfService()
  .extend('link', { scope: 'file' }, async ({}, { onCleanup }) => {
    const link = await createCuttableLink(`http://${inject('temporalAddress')}`);
    onCleanup(() => link.close());
    return link;
  })
  .extend('service', { scope: 'file' }, async ({ twin, link }, { onCleanup }) => {
    const service = await startService({
      EMBEDDING_BASE_URL: twin.baseUrl,
      TEMPORAL_ADDRESS: new URL(link.url).host,
    });
    onCleanup(() => service.close());
    return service;
  })
  .extend('articles', ({ service, tenant }) => openArticles(service, tenant));
it.beforeAll(async ({ service }) => {
  await service.startWorker();
});

it('takes writes while Temporal is gone, and one run of Reconcile embeds them when it is back', async ({
  twin,
  link,
  service,
  tenant,
  key,
  articles,
}) => {
  // All is well: the walk goes over the link.
  const before = await articles.write('Written while all is well');
  expect(before.status).toBe(201);
  await articles.embedded(before.body.data.id);

  await link.cut();
  const first = await articles.write('Written while Temporal is gone');
  const { id } = first.body.data;
  expect(first.status).toBe(201);
  expect(first.body.data.embedding).toMatchObject({ status: 'pending', reason: null });
  const edit = await service.call(tenant.keys.user, 'PATCH', `/articles/${id}`, { body: 'A better text.' });
  expect(edit.status).toBe(200);
  const found = await service.call(
    tenant.keys.agent,
    'GET',
    '/knowledge/search?mode=keyword&q=while%20Temporal%20gone',
  );
  expect(found.body.data.map((hit: { id: string }) => hit.id)).toContain(id);
  // All of this was answered with the link cut, and what could not be sent is kept.
  await service.services.outbox.drain();
  expect(await service.services.temporal.isReady()).toBe(false);
  expect(await articles.outbox()).toEqual([{ subject_id: id }]);
  expect(twin.callsOf(key)).toHaveLength(1);

  await link.restore();
  await eventually(async () => ((await service.services.temporal.isReady()) ? true : undefined));
  // Sets the row back, as if the writer had had its time to send it.
  await service.db.rawAsOwner(
    `update outbox set created_at = created_at - interval '1 minute' where tenant_id = $1`,
    [tenant.id],
  );
  const run = await service.services.temporal.client.workflow.execute<
    () => Promise<{ requeued: number; sent: number; failed: number }>
  >(workflowTypes.reconcile, {
    taskQueue: service.environment.TEMPORAL_TASK_QUEUE,
    workflowId: `reconcile-by-hand-${randomUUID()}`,
  });
  expect(run).toMatchObject({ sent: 1, failed: 0 });
  await articles.embedded(id);
  expect(await articles.outbox()).toEqual([]);
  const inputs = twin.callsOf(key).flatMap((call) => call.inputs);
  expect(inputs.at(-1)).toContain('A better text.');
  // The article is embedded a moment before its workflow ends.
  const result: unknown = await service.services.temporal.client.workflow
    .getHandle(embedArticleWorkflowId(tenant.id, id))
    .result();
  expect(result).toMatchObject({ outcome: 'embedded', chunks: 1 });
}, 120_000);

/** Articles of one tenant over HTTP, and what of theirs the outbox holds. */
function openArticles(service: RunningService, tenant: TestTenant) {
  const write = (title: string) =>
    service.call(tenant.keys.agent, 'POST', '/articles', {
      title,
      body: 'A text about it.',
      category: 'finding',
      force: true,
    });
  const embeddingOf = async (id: string) =>
    (await service.call(tenant.keys.agent, 'GET', `/articles/${id}`)).body.data.embedding;
  const embedded = (id: string) =>
    eventually(async () => ((await embeddingOf(id)).status === 'embedded' ? true : undefined));
  const outbox = () =>
    service.db.rawAsOwner(`select subject_id from outbox where tenant_id = $1 and kind = 'article'`, [
      tenant.id,
    ]);
  return { write, embedded, outbox };
}
