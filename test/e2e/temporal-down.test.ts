import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { embedArticleWorkflowId, workflowTypes } from '../../src/domain/temporal-names.ts';
import { type CuttableLink, createCuttableLink } from '../support/cuttable-link.ts';
import { type ProviderTwin, startProviderTwin, twinKey } from '../support/provider-twin.ts';
import { eventually, type RunningService, startService } from '../support/running-service.ts';
import type { TestTenant } from '../support/test-services.ts';

// The whole service; API and worker reach the real Temporal server over a link that can be cut.
let twin: ProviderTwin;
let link: CuttableLink;
let service: RunningService;
let tenant: TestTenant;
const key = twinKey();

beforeAll(async () => {
  twin = await startProviderTwin();
  link = await createCuttableLink(`http://${inject('temporalAddress')}`);
  service = await startService({
    EMBEDDING_BASE_URL: twin.baseUrl,
    TEMPORAL_ADDRESS: new URL(link.url).host,
  });
  await service.startWorker();
  tenant = await service.createTenant(key);
});
afterAll(async () => {
  await service.close();
  await link.close();
  await twin.close();
});

const temporal = () => service.services.temporal;
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

it('takes writes while Temporal is gone, and one run of Reconcile embeds them when it is back', async () => {
  // All is well: the walk goes over the link.
  const before = await write('Written while all is well');
  expect(before.status).toBe(201);
  await embedded(before.body.data.id);

  await link.cut();
  const first = await write('Written while Temporal is gone');
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
  expect(await temporal().isReady()).toBe(false);
  expect(await outbox()).toEqual([{ subject_id: id }]);
  expect(twin.callsOf(key)).toHaveLength(1);

  await link.restore();
  await eventually(async () => ((await temporal().isReady()) ? true : undefined));
  // As if the writer had had its time; nobody waits for that here.
  await service.db.rawAsOwner(
    `update outbox set created_at = created_at - interval '1 minute' where tenant_id = $1`,
    [tenant.id],
  );
  const run = await temporal().client.workflow.execute<
    () => Promise<{ requeued: number; sent: number; failed: number }>
  >(workflowTypes.reconcile, {
    taskQueue: service.environment.TEMPORAL_TASK_QUEUE,
    workflowId: `reconcile-by-hand-${randomUUID()}`,
  });
  expect(run).toMatchObject({ sent: 1, failed: 0 });
  await embedded(id);
  expect(await outbox()).toEqual([]);
  const inputs = twin.callsOf(key).flatMap((call) => call.inputs);
  expect(inputs.at(-1)).toContain('A better text.');
  // The article is embedded a moment before its workflow ends.
  const result: unknown = await temporal()
    .client.workflow.getHandle(embedArticleWorkflowId(tenant.id, id))
    .result();
  expect(result).toMatchObject({ outcome: 'embedded', chunks: 1 });
}, 120_000);
