import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { createPortChooser } from '../../../src/stack/ports.ts';
import { type ServiceProcess, startService } from '../../../src/stack/service-process.ts';
import { seriesNames } from '../../support/scrape.ts';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** The part of Prometheus' rule format that the file uses; anything else in it is a slip. */
const rulesSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z
        .array(
          z.strictObject({
            alert: z.string().regex(/^Lorekeep[A-Za-z]+$/),
            expr: z.string(),
            for: z
              .string()
              .regex(/^\d+[smh]$/)
              .optional(),
            labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
            annotations: z.strictObject({ summary: z.string().min(20), runbook: z.string().min(80) }),
          }),
        )
        .min(1),
    }),
  ),
});

const { groups } = rulesSchema.parse(parse(await readFile(join(root, 'docs', 'alerts.yml'), 'utf8')));
const rules = groups.flatMap((group) => group.rules);

/** Nodes of an expression by the grammar of Prometheus itself. */
function nodesOf(
  expression: string,
): { readonly kind: string; readonly text: string; readonly bad: boolean }[] {
  const nodes: { kind: string; text: string; bad: boolean }[] = [];
  parser.parse(expression).iterate({
    enter: ({ type, from, to }) => {
      nodes.push({ kind: type.name, text: expression.slice(from, to), bad: type.isError });
    },
  });
  return nodes;
}

let db: TestDatabase;
let dir: string;
const processes: ServiceProcess[] = [];
/** What `/metrics` of each process said. */
const scrapes: Record<string, string> = {};

/** Starts a process as an operator would, by its environment, and scrapes it. */
async function scrapeProcess(name: 'api' | 'worker', portVariable: string): Promise<string> {
  const port = await createPortChooser(() => undefined)(name, 0);
  const started = await startService(
    {
      name,
      executable: process.execPath,
      args: ['--import', 'tsx', join(root, 'src', 'main', `${name}.ts`)],
      cwd: root,
      env: {
        [portVariable]: String(port),
        DATABASE_URL: db.applicationUrl,
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        TEMPORAL_TASK_QUEUE: 'alerts-test',
        VAULT_ADDR: inject('vaultAddr'),
        VAULT_TOKEN: inject('vaultToken'),
        VAULT_TRANSIT_MOUNT: inject('vaultTransitMount'),
        VAULT_TRANSIT_KEY: inject('vaultTransitKey'),
      },
      isHealthy: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
      deadlineMs: 60_000,
      graceMs: 15_000,
    },
    { logsDir: join(dir, 'logs'), runDir: join(dir, 'run') },
  );
  if (started.kind === 'failed') throw new Error(started.death.lastLines);
  processes.push(started.process);
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return answer.text();
}

beforeAll(async () => {
  db = await createTestDatabase();
  dir = await mkdtemp(join(tmpdir(), 'lorekeep-alerts-'));
  scrapes.api = await scrapeProcess('api', 'PORT');
  scrapes.worker = await scrapeProcess('worker', 'METRICS_PORT');
}, 120_000);

afterAll(async () => {
  for (const running of processes) await running.stop();
  await db.drop();
  await rm(dir, { recursive: true, force: true });
});

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

  it.each(rules.map((rule) => [rule.alert, rule] as const))(
    '%s reads metrics that a process has',
    (_, { expr }) => {
      const asked = nodesOf(expr).filter(({ kind }) => kind === 'Identifier');
      const known = new Set(Object.values(scrapes).flatMap((text) => [...seriesNames(text)]));
      expect(asked.length).toBeGreaterThan(0);
      expect(asked.map(({ text }) => text).filter((name) => !known.has(name))).toEqual([]);
    },
  );
});

describe('a scrape', () => {
  it.each(['api', 'worker'])(
    'of the %s shows the service’s metrics and the state of the database',
    (name) => {
      const text = scrapes[name] ?? '';
      const names = seriesNames(text);
      expect(names).toContain('lorekeep_provider_calls_total');
      expect(names).toContain('lorekeep_process_resident_memory_bytes');
      expect(text).toMatch(/^lorekeep_state_readable 1$/m);
    },
  );

  it('of the worker shows the Temporal SDK’s own metrics at the same port', () => {
    expect(scrapes.worker).toMatch(
      /^temporal_worker_task_slots_available\{.*task_queue="alerts-test".*\} \d+$/m,
    );
    expect(scrapes.api).not.toContain('temporal_');
  });
});
