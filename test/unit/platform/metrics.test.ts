import fc from 'fast-check';
import knex from 'knex';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { embeddingStatuses } from '../../../src/domain/embedding-status.ts';
import { failureCodes } from '../../../src/domain/failures.ts';
import {
  blockableOperations,
  callOperations,
  callSources,
  channels,
  providers,
} from '../../../src/domain/operations.ts';
import { transportCauses } from '../../../src/domain/transport-cause.ts';
import { embeddingStatusGauges } from '../../../src/embedding/status-gauges.ts';
import { createFeatureMetrics } from '../../../src/main/feature-metrics.ts';
import { outboxGauges } from '../../../src/outbox/outbox-gauges.ts';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import {
  createStateGauges,
  type FeatureState,
  type StateGaugesOptions,
} from '../../../src/platform/telemetry/state-gauges.ts';
import { breakerGauges } from '../../../src/providers/breaker/breaker-gauges.ts';
import { breakerStates, breakerTransitions } from '../../../src/providers/breaker/breaker-states.ts';
import { limitGauges } from '../../../src/providers/limits/limit-gauges.ts';
import { pausedBys } from '../../../src/providers/limits/limit-state.ts';
import { callGauges } from '../../../src/usage/call-gauges.ts';
import { readSamples, sampleValue } from '../../support/scrape.ts';

describe('labels', () => {
  it('take values from closed lists only, whatever the events and the database say', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aCall), aState, fc.string(), async (calls, state, method) => {
        const metrics = processShowing(async () => state);
        for (const call of calls) {
          metrics.providerCall(call);
          metrics.callRefused(call);
          metrics.costEstimated(call);
          metrics.connectionFailed(call);
        }
        metrics.observeRequest({ method, route: '/articles/:id', status: 200, seconds: 0.1 });

        const strangers = ownSamples(await metrics.scrape()).flatMap(({ name, labels }) =>
          Object.entries(labels)
            .filter(([label]) => !['le', 'route', 'status'].includes(label))
            .filter(([label, value]) => !allowed[label]?.includes(value))
            .map(([label, value]) => `${name} ${label}=${value}`),
        );
        expect(strangers).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('have names that name no tenant, article, key or model', async () => {
    const metrics = processShowing(async () => calm);
    const labels = new Set(
      ownSamples(await metrics.scrape()).flatMap((sample) => Object.keys(sample.labels)),
    );
    for (const label of labels) expect([...Object.keys(allowed), 'le', 'route', 'status']).toContain(label);
  });
});

describe('the gauges of the database’s state', () => {
  it('are absent while the database cannot be read, and come back with it', async () => {
    let isUp = false;
    const metrics = processShowing(async () => {
      if (!isUp) throw new Error('connection refused');
      return calm;
    });
    const down = await metrics.scrape();
    expect(sampleValue(down, 'lorekeep_state_readable')).toBe(0);
    for (const name of ['lorekeep_outbox_rows', 'lorekeep_ledger_missing_calls', 'lorekeep_articles']) {
      expect(readSamples(down).filter((sample) => sample.name === name)).toEqual([]);
    }
    isUp = true;
    const up = await metrics.scrape();
    expect(sampleValue(up, 'lorekeep_state_readable')).toBe(1);
    expect(sampleValue(up, 'lorekeep_outbox_rows')).toBe(3);
  });

  it('are absent again when it goes', async () => {
    let isUp = true;
    const metrics = processShowing(async () => (isUp ? calm : Promise.reject(new Error('gone'))), {
      cacheMs: 0,
    });
    expect(sampleValue(await metrics.scrape(), 'lorekeep_outbox_rows')).toBe(3);
    isUp = false;
    expect(sampleValue(await metrics.scrape(), 'lorekeep_outbox_rows')).toBeUndefined();
  });

  it('keep no scrape waiting for a database that hangs', async () => {
    const metrics = processShowing(() => new Promise(() => undefined), { timeoutMs: 20 });
    expect(sampleValue(await metrics.scrape(), 'lorekeep_state_readable')).toBe(0);
  });

  it('are absent, all of them, while one feature cannot read its tables', async () => {
    const metrics = createMetrics(new Registry());
    const gauges = createStateGauges(metrics.registry, { inTransaction: (reads) => reads(tx) });
    gauges.register({ ...outboxGauges, read: async () => calm.outbox });
    gauges.register({ ...callGauges, read: () => Promise.reject(new Error('statement timeout')) });
    const text = await metrics.scrape();
    expect(sampleValue(text, 'lorekeep_state_readable')).toBe(0);
    expect(sampleValue(text, 'lorekeep_outbox_rows')).toBeUndefined();
  });

  it('read the database in one transaction for all features, for scrapes at once and for those soon after', async () => {
    let transactions = 0;
    let reads = 0;
    const metrics = processShowing(
      async () => {
        reads += 1;
        return calm;
      },
      {
        inTransaction: (work) => {
          transactions += 1;
          return work(tx);
        },
      },
    );
    await Promise.all([metrics.scrape(), metrics.scrape(), metrics.scrape()]);
    await metrics.scrape();
    expect(transactions).toBe(1);
    // Each of the five features has read its own tables once.
    expect(reads).toBe(5);
  });
});

/** The metrics of a process whose gauges show the state that `read` gives. */
function processShowing(read: () => Promise<ServiceState>, options: Partial<StateGaugesOptions> = {}) {
  const metrics = createMetrics(new Registry());
  const gauges = createStateGauges(metrics.registry, { inTransaction: (reads) => reads(tx), ...options });
  gauges.register({ ...breakerGauges, read: async () => (await read()).breakers });
  gauges.register({ ...limitGauges, read: async () => (await read()).limits });
  gauges.register({ ...embeddingStatusGauges, read: async () => (await read()).articles });
  gauges.register({ ...outboxGauges, read: async () => (await read()).outbox });
  gauges.register({ ...callGauges, read: async () => (await read()).calls });
  return { ...metrics, ...createFeatureMetrics(metrics.registry) };
}

/** Series of ours but for those of the process, which `collectDefaultMetrics` makes. */
function ownSamples(text: string) {
  return readSamples(text).filter(
    ({ name }) => name.startsWith('lorekeep_') && !/_(nodejs|process)_/.test(name),
  );
}

/** Every value that a label of the service may have, written out once more by hand where it is short. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  provider: [...channels, 'other'],
  operation: [...new Set([...callOperations, ...blockableOperations]), 'other'],
  source: [...callSources, 'other'],
  code: ['ok', ...failureCodes, 'other'],
  direction: ['input', 'output'],
  to: breakerTransitions,
  outcome: ['unchanged', 'missing'],
  fate: ['skipped', 'bought'],
  usage: ['absent', 'unbelievable'],
  by: ['cache', 'vault'],
  addresses: ['default', 'tenants_own', 'other'],
  cause: [...transportCauses],
  paused_by: [...pausedBys, 'other'],
  percent: ['80', '100'],
  verdict: ['duplicate', 'low_novelty', 'novel', 'unknown', 'skipped'],
  state: [...breakerStates, 'other'],
  embedding_status: [...embeddingStatuses, 'other'],
  reason: [...failureCodes, 'other'],
  method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'],
};

type StateOf<Feature> = Feature extends FeatureState<infer State> ? State : never;

/** The service's state over all tenants, as its features read it. */
interface ServiceState {
  readonly breakers: StateOf<typeof breakerGauges>;
  readonly limits: StateOf<typeof limitGauges>;
  readonly articles: StateOf<typeof embeddingStatusGauges>;
  readonly outbox: StateOf<typeof outboxGauges>;
  readonly calls: StateOf<typeof callGauges>;
}

const calm: ServiceState = {
  breakers: [],
  limits: [],
  articles: [],
  outbox: { signals: 3, oldestSeconds: 7 },
  calls: { missingFromLedger: 0, open: 0, unknown: 0 },
};

/** Builds statements and has no connection: what these tests read comes from no database. */
const tx: Transaction = Object.assign(knex({ client: 'pg' }), {
  prepared: () => Promise.reject(new Error('there is no connection')),
  commitBehind: () => undefined,
  afterCommit: () => undefined,
  savepoint: () => Promise.reject(new Error('there is no connection')),
});

const aCall = fc.record({
  provider: fc.constantFrom(...providers),
  operation: fc.oneof(fc.constantFrom(...callOperations), fc.string()),
  source: fc.constantFrom(...callSources),
  code: fc.constantFrom(...failureCodes),
  seconds: fc.double({ min: 0, max: 100, noNaN: true }),
  inputTokens: fc.nat(),
  outputTokens: fc.nat(),
  usage: fc.constantFrom('absent', 'unbelievable'),
  addresses: fc.constantFrom('default', 'tenants_own'),
  cause: fc.constantFrom(...transportCauses),
});
const aState = fc.record({
  breakers: fc.array(fc.record({ provider: fc.string(), state: fc.string(), count: fc.nat() })),
  limits: fc.array(fc.record({ provider: fc.string(), by: fc.string(), count: fc.nat() })),
  articles: fc.array(
    fc.record({
      status: fc.oneof(fc.constantFrom(...embeddingStatuses), fc.string()),
      reason: fc.option(fc.oneof(fc.constantFrom(...failureCodes), fc.string())),
      count: fc.nat(),
    }),
  ),
  outbox: fc.constant(calm.outbox),
  calls: fc.constant(calm.calls),
});
