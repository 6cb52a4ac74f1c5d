import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { createLogger } from '../../../src/platform/telemetry/logging.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import { createBlockedOperations } from '../../../src/usage/blocked-operations.ts';
import { createUsageMetrics } from '../../../src/usage/metrics.ts';
import { sampleValue } from '../../support/scrape.ts';
import { createTestServices, type TestServices, type TestTenant } from '../../support/test-services.ts';

const hourMs = 3_600_000;

let test: TestServices;
let tenant: TestTenant;

beforeAll(async () => {
  test = await createTestServices({ TEMPORAL_ADDRESS: '127.0.0.1:1' });
});
afterAll(async () => {
  await test.close();
});
beforeEach(async () => {
  tenant = await test.createTenant();
});

/** One process's own counter, whose clock is the test's; and what it has logged. */
function startProcess(database: Database = test.services.database) {
  const lines: string[] = [];
  let transactions = 0;
  let nowMs = Date.now();
  const metrics = createMetrics(new Registry());
  const blocked = createBlockedOperations({
    database: {
      ...database,
      withTenant: (tenantId, work) => {
        transactions += 1;
        return database.withTenant(tenantId, work);
      },
    },
    audit: test.services.audit,
    metrics: createUsageMetrics(metrics.registry),
    log: createLogger({
      level: 'info',
      process: 'test',
      destination: { write: (line: string) => void lines.push(line) },
    }),
    now: () => nowMs,
  });
  return {
    ...blocked,
    metrics,
    messages: () => lines.map((line): unknown => JSON.parse(line).msg),
    transactions: () => transactions,
    later: (ms: number) => {
      nowMs += ms;
    },
  };
}

/** As if the database's hour were over. */
const endWindow = () =>
  test.db.rawAsOwner(
    `update blocked_operations set reported_at = reported_at - interval '1 hour' where tenant_id = $1`,
    [tenant.id],
  );
const toldOf = async (of = tenant) => {
  const rows = await test.services.audit.list(of.id, { action: 'llm.blocked_no_api_key', limit: 100 });
  return rows.map(({ details }) => details).reverse();
};

describe('an operation without a key', () => {
  it('is told once an hour, with how often it was since it was last told', async () => {
    const process = startProcess();
    for (let i = 0; i < 5; i += 1) await process.note(tenant.id, 'embedding');
    expect(await toldOf()).toEqual([{ operation: 'embedding', count: 1 }]);
    await endWindow();
    await process.note(tenant.id, 'embedding');
    await process.note(tenant.id, 'embedding');
    expect(await toldOf()).toEqual([
      { operation: 'embedding', count: 1 },
      { operation: 'embedding', count: 5 },
    ]);
    expect(
      sampleValue(await process.metrics.scrape(), 'lorekeep_blocked_no_api_key_total', {
        operation: 'embedding',
      }),
    ).toBe(7);
  });

  it('is told by lorekeep itself, of the tenant’s settings', async () => {
    await startProcess().note(tenant.id, 'embedding');
    const [row] = await test.services.audit.list(tenant.id, { action: 'llm.blocked_no_api_key', limit: 1 });
    expect(row?.actor).toEqual({ keyId: null, label: 'lorekeep', role: 'superadmin' });
    expect(row?.subject).toEqual({ kind: 'llm_config', id: tenant.id });
  });

  it('is told once for a burst from several processes, and every one of it is counted', async () => {
    const processes = [startProcess(), startProcess(), startProcess()];
    await Promise.all(Array.from({ length: 60 }, (_, i) => processes[i % 3]?.note(tenant.id, 'embedding')));
    expect(await toldOf()).toEqual([{ operation: 'embedding', count: 1 }]);
    await endWindow();
    await processes[0]?.note(tenant.id, 'embedding');
    expect((await toldOf()).at(-1)).toEqual({ operation: 'embedding', count: 60 });
  });

  it('is told apart by operation and by tenant', async () => {
    const process = startProcess();
    const other = await test.createTenant();
    await process.note(tenant.id, 'embedding');
    await process.note(tenant.id, 'search');
    await process.note(other.id, 'search');
    expect(await toldOf()).toEqual([
      { operation: 'embedding', count: 1 },
      { operation: 'search', count: 1 },
    ]);
    expect(await toldOf(other)).toEqual([{ operation: 'search', count: 1 }]);
  });

  it.each([
    ['embedding', 'no embedding API key configured'],
    ['search', 'no embedding API key configured'],
    ['extraction', 'no Anthropic API key configured'],
  ] as const)('writes one line for %s: %s', async (operation, line) => {
    const process = startProcess();
    for (let i = 0; i < 3; i += 1) await process.note(tenant.id, operation);
    expect(process.messages()).toEqual([line]);
  });
});

describe('a search without a key', () => {
  it('costs one transaction an hour, and none is left uncounted', async () => {
    const process = startProcess();
    for (let i = 0; i < 200; i += 1) await process.note(tenant.id, 'search');
    expect(process.transactions()).toBe(1);
    process.later(hourMs + 60_000);
    await endWindow();
    await Promise.all(Array.from({ length: 10 }, () => process.note(tenant.id, 'search')));
    expect(process.transactions()).toBe(2);
    expect(await toldOf()).toEqual([
      { operation: 'search', count: 1 },
      { operation: 'search', count: 200 },
    ]);
  });

  it('is answered although it cannot be counted, and is counted later', async () => {
    let isUp = false;
    const { database } = test.services;
    const process = startProcess({
      ...database,
      withTenant: (tenantId, work) =>
        isUp ? database.withTenant(tenantId, work) : Promise.reject(new Error('the database is away')),
    });
    await process.note(tenant.id, 'search');
    expect(await toldOf()).toEqual([]);
    isUp = true;
    process.later(hourMs + 60_000);
    await process.note(tenant.id, 'search');
    expect(await toldOf()).toEqual([{ operation: 'search', count: 2 }]);
  });
});

describe('a scrape while Postgres is away', () => {
  it('shows what the process has counted, and none of the database’s state', async () => {
    const away = await createTestServices({
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      DATABASE_URL: `postgres://nobody:${randomUUID()}@127.0.0.1:1/none`,
    });
    try {
      const text = await away.metrics.scrape();
      expect(sampleValue(text, 'lorekeep_state_readable')).toBe(0);
      expect(sampleValue(text, 'lorekeep_outbox_rows')).toBeUndefined();
      expect(sampleValue(text, 'lorekeep_key_openings_total', { by: 'vault', code: 'ok' })).toBe(0);
    } finally {
      await away.close();
    }
  });
});
