import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { BenchStack } from './bench-stack.ts';
import { type BenchTenant, createBenchTenant } from './bench-tenant.ts';
import { type Figure, figure } from './figure.ts';
import { createKeepAliveClient, type KeepAliveClient } from './keep-alive-client.ts';
import { sampleArticle, sampleBody } from './sample-articles.ts';
import { median, percentile } from './statistics.ts';

const samples = 60;
const warmUps = 15;
const articleCount = 5;
/** What a poll may add to a measurement; the database hardly notices. */
const pollMs = 2;

const articleReply = z.object({
  data: z.object({
    id: z.string(),
    revision: z.number(),
    embedding: z.object({ workflow_id: z.string() }),
  }),
});

/** (b) From sending an edit until the new text is found, against a workflow of four empty activities. */
export async function benchEditToSearchable(
  stack: BenchStack,
  log: (line: string) => void,
): Promise<Figure[]> {
  log('(b) edit to searchable …');
  const tenant = await createBenchTenant(stack, true);
  const api = createKeepAliveClient({ url: `${stack.apiUrl}/api/v1`, key: tenant.keys.user, connections: 1 });
  const searchable: number[] = [];
  const closed: number[] = [];
  const floor: number[] = [];
  try {
    const ids: string[] = [];
    for (let i = 0; i < articleCount; i += 1) {
      const { text } = await api.send('POST', '/articles', sampleArticle(`edited-${i}`));
      ids.push(articleReply.parse(JSON.parse(text)).data.id);
    }
    await tenant.settle();
    for (let i = -warmUps; i < samples; i += 1) {
      const id = ids.at(i % ids.length) ?? '';
      const edit = await editOnce(stack, tenant, api, id, `edit-${i}`);
      const bareMs = await runBare(stack);
      if (i < 0) continue;
      searchable.push(edit.searchableMs);
      closed.push(edit.closedMs);
      floor.push(bareMs);
    }
  } finally {
    api.close();
    await tenant.close();
  }
  const compare = (name: string, measured: number, against: number) =>
    figure({ bench: 'b', name, unit: 'ms', measured, floor: against });
  return [
    { ...compare('edit to searchable: median', median(searchable), median(floor)), bar: { atMost: 0.4 } },
    compare('edit to searchable: p95', percentile(searchable, 0.95), percentile(floor, 0.95)),
    compare('edit to its workflow’s end: median', median(closed), median(floor)),
  ];
}

async function editOnce(
  stack: BenchStack,
  tenant: BenchTenant,
  api: KeepAliveClient,
  id: string,
  serial: string,
): Promise<{ readonly searchableMs: number; readonly closedMs: number }> {
  const startedAt = performance.now();
  const answer = await api.send('PATCH', `/articles/${id}`, { body: sampleBody(serial) });
  if (answer.status !== 200) throw new Error(`an edit was answered ${answer.status}: ${answer.text}`);
  const { data } = articleReply.parse(JSON.parse(answer.text));
  while (!(await tenant.isEmbedded(id, data.revision))) await delay(pollMs);
  const searchableMs = performance.now() - startedAt;
  // The next edit must not find this one's workflow still at its last step: it would wait with it for quiet.
  await stack.temporal.workflow.getHandle(data.embedding.workflow_id).result();
  return { searchableMs, closedMs: performance.now() - startedAt };
}

/** One run of the bare workflow, from the start to its result. */
async function runBare(stack: BenchStack): Promise<number> {
  const startedAt = performance.now();
  await stack.temporal.workflow.execute('BareWorkflow', {
    taskQueue: stack.bareTaskQueue,
    workflowId: `bare/${randomUUID()}`,
    args: [],
  });
  return performance.now() - startedAt;
}
