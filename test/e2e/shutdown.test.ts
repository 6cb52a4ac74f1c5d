import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { createPortChooser } from '../../src/stack/ports.ts';
import { describeDeath, type ServiceProcess, startService } from '../../src/stack/service-process.ts';
import { type ProviderTwin, startProviderTwin, twinKey } from '../support/provider-twin.ts';
import { createTestServices, type TestServices, type TestTenant } from '../support/test-services.ts';

// The processes as an operator runs them, ended as an orchestrator of containers ends them.
let test: TestServices;
let twin: ProviderTwin;
let dir: string;
const running: ServiceProcess[] = [];
const root = join(import.meta.dirname, '..', '..');

async function startProcess(name: 'api' | 'worker'): Promise<{ process: ServiceProcess; url: string }> {
  const port = await createPortChooser(() => undefined)(name, 0);
  const url = `http://127.0.0.1:${port}`;
  const started = await startService(
    {
      name,
      executable: process.execPath,
      args: ['--import', 'tsx', join(root, 'src', 'main', `${name}.ts`)],
      cwd: root,
      env: {
        [name === 'api' ? 'PORT' : 'METRICS_PORT']: String(port),
        HOST: '127.0.0.1',
        DATABASE_URL: test.db.applicationUrl,
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        TEMPORAL_TASK_QUEUE: test.environment.TEMPORAL_TASK_QUEUE,
        VAULT_ADDR: inject('vaultAddr'),
        VAULT_TOKEN: inject('vaultToken'),
        VAULT_TRANSIT_MOUNT: inject('vaultTransitMount'),
        VAULT_TRANSIT_KEY: inject('vaultTransitKey'),
        EMBEDDING_BASE_URL: twin.baseUrl,
        EMBEDDING_DEFAULT_MODEL: 'twin-model',
      },
      isHealthy: async () => (await fetch(`${url}/healthz`)).ok,
      deadlineMs: 120_000,
      graceMs: 15_000,
    },
    { logsDir: join(dir, 'logs'), runDir: join(dir, 'run') },
  );
  if (started.kind === 'failed') throw new Error(describeDeath(started.death));
  running.push(started.process);
  return { process: started.process, url };
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

/** Asks it to end; how it did, and whether that was within what a container is given. */
async function terminate({ pid, died, name }: ServiceProcess): Promise<string> {
  process.kill(pid, 'SIGTERM');
  return Promise.race([
    died.then(({ reason }) => reason),
    delay(60_000, `${name} did not end`, { ref: false }),
  ]);
}

const logOf = (name: string) => readFile(join(dir, 'logs', `${name}.log`), 'utf8');

it('ends the API with 0 at SIGTERM, after the request in flight has its answer', async () => {
  const { process: api, url } = await startProcess('api');
  const tenant = await tenantWithSlowCall();
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
  expect(await logOf('api')).toContain('"shut down"');
}, 180_000);

it('ends the worker with 0 at SIGTERM, after the call in flight is paid once and its vectors are stored', async () => {
  const { process: worker } = await startProcess('worker');
  const tenant = await tenantWithSlowCall();
  const { article } = await test.services.articles.create(tenant.actor, {
    title: 'In flight',
    body: 'These words are with the provider when the worker is told to go.',
    ...{ category: 'idea', tags: [], status: 'published', sourceType: null, metadata: {}, force: true },
  });
  await tenant.arrives();
  expect(await terminate(worker)).toBe('ended with code 0');
  expect(await logOf('worker')).toContain('"shut down"');

  const stored = await test.db.rawAsOwner(
    `select (select count(*)::int from chunk_vectors where article_id = $1) as vectors,
            (select array_agg(outcome) from provider_calls where tenant_id = $2) as calls`,
    [article.id, tenant.id],
  );
  expect(stored).toEqual([{ vectors: 1, calls: ['ok'] }]);
  expect(tenant.calls()).toBe(1);
}, 180_000);
