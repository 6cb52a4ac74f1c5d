import { setTimeout as delay } from 'node:timers/promises';
import { expect, inject, vi } from 'vitest';
import type { ServiceProcess } from '../../src/stack/service-process.ts';
import { createArticle } from '../support/articles.ts';
import { factsOfServices } from '../support/fixtures.ts';
import { type ProviderTwin, twinKey } from '../support/provider-twin.ts';
import { createServiceProcesses } from '../support/service-processes.ts';
import type { TestServices, TestTenant } from '../support/test-services.ts';

// The processes as an operator runs them, ended as an orchestrator of containers ends them.
const it = factsOfServices(() => ({
  EMBEDDING_DEFAULT_MODEL: 'twin-model',
  TEMPORAL_ADDRESS: inject('temporalAddress'),
})).extend('processes', { scope: 'file' }, async ({}, { onCleanup }) => {
  const processes = await createServiceProcesses();
  onCleanup(() => processes.close());
  return processes;
});

it('ends the API with 0 at SIGTERM, after the request in flight has its answer', async ({
  twin,
  test,
  processes,
}) => {
  const { process: api, url } = await processes.start('api', variablesOf(twin, test));
  const tenant = await createWithSlowCall(twin, test);
  const answer = fetch(`${url}/api/v1/tenants/me/llm-config/verify`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tenant.keys.user}` },
  });
  await tenant.arrives();
  const ended = terminate(api);
  const response = await answer;
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ data: { embedding: { ok: true } } });
  expect(await ended).toBe('ended with code 0');
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  expect(await processes.logOf('api')).toContain('"shut down"');
}, 180_000);

it('ends the worker with 0 at SIGTERM, after the call in flight is paid once and its vectors are stored', async ({
  twin,
  test,
  processes,
}) => {
  const { process: worker } = await processes.start('worker', variablesOf(twin, test));
  const tenant = await createWithSlowCall(twin, test);
  const { articleId } = await createArticle(test, tenant, {
    body: 'These words are with the provider when the worker has to end.',
  });
  await tenant.arrives();
  expect(await terminate(worker)).toBe('ended with code 0');
  expect(await processes.logOf('worker')).toContain('"shut down"');

  const stored = await test.db.rawAsOwner(
    `select (select count(*)::int from chunk_vectors where article_id = $1) as vectors,
            (select array_agg(outcome) from provider_calls where tenant_id = $2) as calls`,
    [articleId, tenant.id],
  );
  expect(stored).toEqual([{ vectors: 1, calls: ['ok'] }]);
  expect(tenant.calls()).toBe(1);
}, 180_000);

const variablesOf = (twin: ProviderTwin, { db, environment }: TestServices) => ({
  DATABASE_URL: db.applicationUrl,
  TEMPORAL_TASK_QUEUE: environment.TEMPORAL_TASK_QUEUE,
  EMBEDDING_BASE_URL: twin.baseUrl,
  EMBEDDING_DEFAULT_MODEL: 'twin-model',
});

/** A tenant whose next call is under way for a while, and a way to wait until the provider has it. */
async function createWithSlowCall(
  twin: ProviderTwin,
  test: TestServices,
): Promise<TestTenant & { readonly calls: () => number; arrives(): Promise<void> }> {
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

/** Sends SIGTERM. Returns how the process ended, or that it took longer than a container is given. */
async function terminate({ pid, died, name }: ServiceProcess): Promise<string> {
  process.kill(pid, 'SIGTERM');
  return Promise.race([
    died.then(({ reason }) => reason),
    delay(60_000, `${name} did not end`, { ref: false }),
  ]);
}
