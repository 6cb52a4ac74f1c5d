import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Registry } from 'prom-client';
import { parseEnvironment } from '../../src/config.ts';
import { createServices } from '../../src/main/services.ts';
import { createLogger } from '../../src/platform/telemetry/logging.ts';
import { createMetrics } from '../../src/platform/telemetry/metrics.ts';
import { askClient } from '../support/ask-client.ts';
import { twinKey } from '../support/provider-twin.ts';
import { targetOf } from '../support/targets.ts';
import type { BenchStack } from './bench-stack.ts';
import { type Figure, figure } from './figure.ts';
import { openCountedLink } from './round-trips.ts';
import { median } from './statistics.ts';

const samples = 200;
const warmUps = 20;
/** Writing the call record before the call and finishing it after: a statement and a commit each. */
const recordRoundTrips = 4;

/** (d) What the guard adds to a provider call while the breaker is closed, against the bare client. */
export async function benchGuard(stack: BenchStack, log: (line: string) => void): Promise<Figure[]> {
  log('(d) the guard’s own cost …');
  const link = await openCountedLink(stack.databaseUrl);
  const parsed = parseEnvironment('worker', { ...stack.environment, DATABASE_URL: link.url });
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('; '));
  const { environment } = parsed;
  const metrics = createMetrics(new Registry());
  const services = createServices(
    environment,
    createLogger({ level: 'silent', process: 'bench' }),
    metrics,
    'lorekeep-bench',
  );
  const apiKey = twinKey();
  const target = targetOf('m', { baseUrl: environment.EMBEDDING_BASE_URL });
  const call = { inputs: ['a few words to embed'], side: 'passage', timeoutMs: 4_000 } as const;

  try {
    const tenantId = await createTenant(services, apiKey);
    const guardedMs: number[] = [];
    const bareMs: number[] = [];
    const trips: number[] = [];
    for (let i = -warmUps; i < samples; i += 1) {
      const before = link.roundTrips();
      const guarded = await timed(() =>
        services.embedding.embed({ tenantId, source: 'workflow', ...call, persist: async () => undefined }),
      );
      const tripsMade = link.roundTrips() - before;
      const direct = await timed(() =>
        askClient(target, { apiKey, texts: call.inputs, timeoutMs: call.timeoutMs }),
      );
      if (guarded.result.kind !== 'ok' || direct.result.kind !== 'ok') throw new Error('a call has failed');
      if (i < 0) continue;
      guardedMs.push(guarded.ms);
      bareMs.push(direct.ms);
      trips.push(tripsMade);
    }
    const decrypts = await readDecrypts(metrics.registry);
    const calls = samples + warmUps;
    return [
      figure({
        ...{ bench: 'd', name: 'round trips to Postgres besides the call record’s four', unit: '×' },
        ...{ measured: median(trips) - recordRoundTrips, floor: 1, bar: { atMost: 2 } },
      }),
      figure({
        ...{ bench: 'd', name: 'decrypts by Vault a call', unit: '×' },
        ...{ measured: decrypts, floor: calls, bar: { atMost: 0.05 } },
      }),
      figure({
        ...{ bench: 'd', name: 'guarded call against the bare client: median', unit: 'ms' },
        ...{ measured: median(guardedMs), floor: median(bareMs) },
      }),
    ];
  } finally {
    await services.close();
    await link.close();
  }
}

async function createTenant(services: ReturnType<typeof createServices>, apiKey: string): Promise<string> {
  const operator = { tenantId: randomUUID(), keyId: null, label: 'bench', role: 'superadmin' } as const;
  const created = await services.tenants.createTenant(operator, {
    slug: `bench-${randomUUID()}`,
    name: 'Benchmark',
  });
  if (created.kind !== 'created') throw new Error(created.kind);
  const actor = { ...operator, tenantId: created.tenant.id };
  const updated = await services.llmConfig.update(actor, { embedding_api_key: apiKey });
  if (updated.kind !== 'updated') throw new Error(updated.kind);
  return created.tenant.id;
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const startedAt = performance.now();
  const result = await work();
  return { result, ms: performance.now() - startedAt };
}

async function readDecrypts(registry: Registry): Promise<number> {
  const metric = registry.getSingleMetric('lorekeep_key_openings_total');
  if (metric === undefined) throw new Error('there is no metric of key openings');
  const { values } = await metric.get();
  return values.reduce(
    (sum, { value, labels }) => ('by' in labels && labels.by === 'vault' ? sum + value : sum),
    0,
  );
}
