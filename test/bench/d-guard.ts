import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Registry } from 'prom-client';
import { parseEnvironment } from '../../src/config.ts';
import type { ProviderTarget } from '../../src/domain/provider-target.ts';
import { createServices, type Services } from '../../src/main/services.ts';
import { createLogger } from '../../src/platform/telemetry/logging.ts';
import { createMetrics } from '../../src/platform/telemetry/metrics.ts';
import { askClient } from '../support/ask-client.ts';
import { twinKey } from '../support/provider-twin.ts';
import { targetOf } from '../support/targets.ts';
import type { BenchStack } from './bench-stack.ts';
import { type Figure, figure } from './figure.ts';
import { createKeepAliveClient } from './keep-alive-client.ts';
import { openCountedLink } from './round-trips.ts';
import { median } from './statistics.ts';

const samples = 200;
const warmUps = 20;
/** Calls under way at the same time, of one tenant, whose calls meet at the row of its month. */
const atOnce = 50;
/** Rounds of each side, in turns. */
const rounds = 4;
const callsOfRound = 500;
/** The call record before the call, and its end after it: a message to Postgres each. */
const recordRoundTrips = 2;

type Samples<Side extends string> = Readonly<Record<Side, number[]>>;

const texts = ['a few words to embed'];
const call = { inputs: texts, side: 'passage', timeoutMs: 4_000 } as const;

/** (d) A provider call through the guard while the breaker is closed, against a bare route of Express that makes the same call. */
export async function benchGuard(stack: BenchStack, log: (line: string) => void): Promise<Figure[]> {
  log('(d) one guarded call after the other …');
  const link = await openCountedLink(stack.databaseUrl);
  const counted = createBenchServices(stack, link.url);
  const measured = createBenchServices(stack, stack.databaseUrl);
  const apiKey = twinKey();
  const bare = createKeepAliveClient({ url: stack.bareApiUrl, key: apiKey, connections: atOnce });
  const target = targetOf('m', { baseUrl: `${stack.twinUrl}/v1` });

  const askBare = async () => {
    const answer = await bare.send('POST', '/embeddings', { model: 'm', input: texts });
    if (answer.status !== 200) throw new Error(`the bare route answered ${answer.status}`);
  };
  const askClientAlone = async () => {
    const answer = await askClient(target, { apiKey, texts, timeoutMs: call.timeoutMs });
    if (answer.kind !== 'ok') throw new Error('a call of the client has failed');
  };

  try {
    const tenantId = await createTenant(measured.services, apiKey);
    const current = await measured.services.database.readTenant(tenantId, (tx) =>
      measured.services.providerKeys.embeddingTarget(tx, tenantId),
    );
    const askGuarded = ({ services }: BenchServices) => ask(services, tenantId, current);
    const trips: number[] = [];
    for (let i = -warmUps; i < warmUps; i += 1) {
      const before = link.roundTrips();
      await askGuarded(counted);
      if (i >= 0) trips.push(link.roundTrips() - before);
    }

    const times: Samples<'guarded' | 'bare' | 'client'> = { guarded: [], bare: [], client: [] };
    for (let i = -warmUps; i < samples; i += 1) {
      const guardedMs = await timed(() => askGuarded(measured));
      const bareMs = await timed(askBare);
      const clientMs = await timed(askClientAlone);
      if (i < 0) continue;
      times.guarded.push(guardedMs);
      times.bare.push(bareMs);
      times.client.push(clientMs);
    }
    const decrypts = await readDecrypts(measured.metrics.registry);

    log(`(d) ${atOnce} guarded calls at once …`);
    const rates: Samples<'guarded' | 'bare'> = { guarded: [], bare: [] };
    for (let round = 0; round < rounds; round += 1) {
      rates.guarded.push(await rateOf(() => askGuarded(measured)));
      rates.bare.push(await rateOf(askBare));
    }

    return [
      figure({
        ...{ bench: 'd', name: 'one guarded call against a bare route: median', unit: 'ms' },
        ...{ measured: median(times.guarded), floor: median(times.bare), bar: { atMost: 4 } },
      }),
      figure({
        ...{ bench: 'd', name: `${atOnce} at once against a bare route: calls a second`, unit: '/s' },
        ...{ measured: median(rates.guarded), floor: median(rates.bare), bar: { atLeast: 0.25 } },
      }),
      figure({
        ...{ bench: 'd', name: 'round trips to Postgres, of which two are owed', unit: '×' },
        ...{ measured: median(trips), floor: recordRoundTrips, bar: { atMost: 1 } },
      }),
      figure({
        ...{ bench: 'd', name: 'decrypts by Vault a call', unit: '×' },
        ...{ measured: decrypts, floor: samples + warmUps, bar: { atMost: 0.05 } },
      }),
      figure({
        ...{ bench: 'd', name: 'guarded call against the bare client: median', unit: 'ms' },
        ...{ measured: median(times.guarded), floor: median(times.client) },
      }),
    ];
  } finally {
    bare.close();
    await Promise.all([counted.services.close(), measured.services.close()]);
    await link.close();
  }
}

function createBenchServices(stack: BenchStack, databaseUrl: string) {
  const parsed = parseEnvironment('worker', { ...stack.environment, DATABASE_URL: databaseUrl });
  if (parsed.kind === 'invalid') throw new Error(parsed.problems.join('; '));
  const metrics = createMetrics(new Registry());
  const log = createLogger({ level: 'silent', process: 'bench' });
  return { services: createServices(parsed.environment, log, metrics, 'lorekeep-bench'), metrics };
}

type BenchServices = ReturnType<typeof createBenchServices>;

async function ask(services: Services, tenantId: string, target: ProviderTarget): Promise<void> {
  const answer = await services.embedding.embed({
    ...{ tenantId, target, source: 'workflow', ...call },
    persist: async () => undefined,
  });
  if (answer.kind !== 'ok') throw new Error(`a guarded call has ended as ${answer.kind}`);
}

/** Calls a second of one round. */
async function rateOf(ask: () => Promise<void>): Promise<number> {
  let left = callsOfRound;
  const askInTurn = async () => {
    while (left > 0) {
      left -= 1;
      await ask();
    }
  };
  const ms = await timed(() => Promise.all(Array.from({ length: atOnce }, askInTurn)));
  return (callsOfRound / ms) * 1_000;
}

async function createTenant(services: Services, apiKey: string): Promise<string> {
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

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
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
