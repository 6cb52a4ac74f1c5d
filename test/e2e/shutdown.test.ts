import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type MainProcess, startMainProcess } from '../support/main-process.ts';
import { type ProviderTwin, startProviderTwin, twinKey } from '../support/provider-twin.ts';
import { createTestServices, type TestServices, type TestTenant } from '../support/test-services.ts';

// The processes as an operator runs them, ended as an orchestrator of containers ends them.
let test: TestServices;
let twin: ProviderTwin;
let dir: string;
const running: MainProcess[] = [];

async function startProcess(name: 'api' | 'worker'): Promise<MainProcess> {
  const started = await startMainProcess({
    name,
    dir,
    env: {
      DATABASE_URL: test.db.applicationUrl,
      TEMPORAL_TASK_QUEUE: test.environment.TEMPORAL_TASK_QUEUE,
      EMBEDDING_BASE_URL: twin.baseUrl,
      EMBEDDING_DEFAULT_MODEL: 'twin-model',
    },
  });
  running.push(started);
  return started;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lorekeep-shutdown-'));
  twin = await startProviderTwin();
  test = await createTestServices({
    EMBEDDING_BASE_URL: twin.baseUrl,
    EMBEDDING_DEFAULT_MODEL: 'twin-model',
  });
}, 120_000);

afterAll(async () => {
  for (const each of running) await each.stop();
  await twin.close();
  await test.close();
  await rm(dir, { recursive: true, force: true });
}, 120_000);

/** A tenant whose next call is under way for a while, and a way to wait until the provider has it. */
async function tenantWithSlowCall(): Promise<
  TestTenant & { readonly calls: () => number; arrives(): Promise<void> }
> {
  const key = twinKey();
  const tenant = await test.createTenant(key);
  twin.script(key, [{ kind: 'ok', delayMs: 2_000 }]);
  const calls = () => twin.callsOf(key).length;
  return {
    ...tenant,
    calls,
    arrives: async () => {
      await vi.waitUntil(() => calls() > 0, { timeout: 60_000, interval: 10 });
    },
  };
}

it('ends the API with 0 at SIGTERM, after the request in flight has its answer', async () => {
  const api = await startProcess('api');
  const { url } = api;
  const tenant = await tenantWithSlowCall();
  const answer = fetch(`${url}/api/v1/tenants/me/llm-config/verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tenant.keys.user}` },
  });
  await tenant.arrives();
  const ended = api.terminate();
  const response = await answer;
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ data: { embedding: { ok: true } } });
  expect(await ended).toMatchObject({ reason: 'ended with code 0' });
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  const log = await api.readLog();
  expect(log).toContain('"shut down"');
  expect(log).not.toContain('cut off');
}, 180_000);

it('ends the worker with 0 at SIGTERM, after the call in flight is paid once and its vectors are stored', async () => {
  const worker = await startProcess('worker');
  const tenant = await tenantWithSlowCall();
  const { article } = await test.services.articles.create(tenant.actor, {
    title: 'In flight',
    body: 'These words are with the provider when the worker is told to go.',
    ...{ category: 'idea', tags: [], status: 'published', sourceType: null, metadata: {}, force: true },
  });
  await tenant.arrives();
  expect(await worker.terminate()).toMatchObject({ reason: 'ended with code 0' });
  expect(await worker.readLog()).toContain('"shut down"');

  const stored = await test.db.rawAsOwner(
    `select (select count(*)::int from chunk_vectors where article_id = $1) as vectors,
            (select array_agg(outcome) from provider_calls where tenant_id = $2) as calls`,
    [article.id, tenant.id],
  );
  expect(stored).toEqual([{ vectors: 1, calls: ['ok'] }]);
  expect(tenant.calls()).toBe(1);
}, 180_000);
