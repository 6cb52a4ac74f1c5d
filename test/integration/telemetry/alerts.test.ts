import { describe, expect } from 'vitest';
import { factsOfDatabase } from '../../support/fixtures.ts';
import { seriesNames } from '../../support/scrape.ts';
import { createServiceProcesses, type ServiceProcesses } from '../../support/service-processes.ts';
import type { TestDatabase } from '../../support/test-database.ts';
import { nodesOf, readAlertRules } from './alert-rules.ts';

const it = factsOfDatabase()
  .extend('processes', { scope: 'file' }, async ({}, { onCleanup }) => {
    const processes = await createServiceProcesses();
    onCleanup(() => processes.close());
    return processes;
  })
  .extend('scrapes', { scope: 'file' }, async ({ db, processes }) => ({
    api: await scrape('api', db, processes),
    worker: await scrape('worker', db, processes),
  }));
// Two processes take longer to start than one fact may.
it.beforeAll(({ scrapes }) => void scrapes, 120_000);
const rules = await readAlertRules();

describe('docs/alerts.yml', () => {
  it('names no alert twice', () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s is an expression of PromQL',
    (_, { expr }) => {
      const nodes = nodesOf(expr);
      expect(nodes.filter(({ bad }) => bad)).toEqual([]);
    },
  );

  it.for(rules.map((rule) => [rule.alert, rule] as const))(
    '%s reads metrics that a process has',
    ([, { expr }], { scrapes }) => {
      const asked = nodesOf(expr).filter(({ kind }) => kind === 'Identifier');
      const known = new Set(Object.values(scrapes).flatMap((text) => [...seriesNames(text)]));
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.map(({ text }) => text).filter((name) => !known.has(name))).toEqual([]);
    },
  );
});

describe('a scrape', () => {
  it.for(['api', 'worker'] as const)(
    'of the %s shows the service’s metrics and the state of the database',
    (name, { scrapes }) => {
      const text = scrapes[name];
      const names = seriesNames(text);
      expect(names).toContain('lorekeep_provider_calls_total');
      expect(names).toContain('lorekeep_process_resident_memory_bytes');
      expect(text).toMatch(/^lorekeep_state_readable 1$/m);
    },
  );

  it('of the worker shows the Temporal SDK’s own metrics at the same port', ({ scrapes }) => {
    expect(scrapes.worker).toMatch(
      /^temporal_worker_task_slots_available\{.*task_queue="alerts-test".*\} \d+$/m,
    );
    expect(scrapes.api).not.toContain('temporal_');
  });
});

/** Starts a process and reads its `/metrics`. */
async function scrape(
  name: 'api' | 'worker',
  db: TestDatabase,
  processes: ServiceProcesses,
): Promise<string> {
  const { url } = await processes.start(name, {
    DATABASE_URL: db.applicationUrl,
    TEMPORAL_TASK_QUEUE: 'alerts-test',
  });
  const answer = await fetch(`${url}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return answer.text();
}
