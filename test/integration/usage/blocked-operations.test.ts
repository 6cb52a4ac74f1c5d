import { randomUUID } from 'node:crypto';
import { Registry } from 'prom-client';
import { describe, expect } from 'vitest';
import type { Database } from '../../../src/platform/postgres/database.ts';
import { createLogger } from '../../../src/platform/telemetry/logging.ts';
import { createMetrics } from '../../../src/platform/telemetry/metrics.ts';
import { createBlockedOperations } from '../../../src/usage/blocked-operations.ts';
import { createUsageMetrics } from '../../../src/usage/metrics.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { sampleValue } from '../../support/scrape.ts';
import { createTestServices, type TestServices, type TestTenant } from '../../support/test-services.ts';

const it = factsOfServices()
  .extend('tenant', ({ test }) => test.createTenant())
  .extend('blocked', ({ test, tenant }) => openBlockedOperations(test, tenant));
const hourMs = 3_600_000;

describe('an operation without a key', () => {
  it('is logged once an hour, with how often it happened since the last entry', async ({
    tenant,
    blocked,
  }) => {
    const process = blocked.startProcess();
    for (let i = 0; i < 5; i += 1) await process.note(tenant.id, 'embedding');
    expect(await blocked.entriesOf()).toEqual([{ operation: 'embedding', count: 1 }]);
    await blocked.endWindow();
    await process.note(tenant.id, 'embedding');
    await process.note(tenant.id, 'embedding');
    expect(await blocked.entriesOf()).toEqual([
      { operation: 'embedding', count: 1 },
      { operation: 'embedding', count: 5 },
    ]);
    expect(
      sampleValue(await process.metrics.scrape(), 'lorekeep_blocked_no_api_key_total', {
        operation: 'embedding',
      }),
    ).toBe(7);
  });

  it('is logged by lorekeep itself, with the tenant’s settings as its subject', async ({
    test,
    tenant,
    blocked,
  }) => {
    await blocked.startProcess().note(tenant.id, 'embedding');
    const [row] = await test.services.audit.list(tenant.id, { action: 'llm.blocked_no_api_key', limit: 1 });
    expect(row?.actor).toEqual({ keyId: null, label: 'lorekeep', role: 'superadmin', via: null });
    expect(row?.subject).toEqual({ kind: 'llm_config', id: tenant.id });
  });

  it('is logged once for a burst from several processes, and each is counted', async ({
    tenant,
    blocked,
  }) => {
    const processes = [blocked.startProcess(), blocked.startProcess(), blocked.startProcess()];
    await Promise.all(Array.from({ length: 60 }, (_, i) => processes[i % 3]?.note(tenant.id, 'embedding')));
    expect(await blocked.entriesOf()).toEqual([{ operation: 'embedding', count: 1 }]);
    await blocked.endWindow();
    await processes[0]?.note(tenant.id, 'embedding');
    expect((await blocked.entriesOf()).at(-1)).toEqual({ operation: 'embedding', count: 60 });
  });

  it('is logged by operation and by tenant', async ({ test, tenant, blocked }) => {
    const process = blocked.startProcess();
    const other = await test.createTenant();
    await process.note(tenant.id, 'embedding');
    await process.note(tenant.id, 'search');
    await process.note(other.id, 'search');
    expect(await blocked.entriesOf()).toEqual([
      { operation: 'embedding', count: 1 },
      { operation: 'search', count: 1 },
    ]);
    expect(await blocked.entriesOf(other)).toEqual([{ operation: 'search', count: 1 }]);
  });

  it.for([
    ['embedding', 'no embedding API key configured'],
    ['search', 'no embedding API key configured'],
    ['extraction', 'no Anthropic API key configured'],
  ] as const)('writes one line for %s: %s', async ([operation, line], { tenant, blocked }) => {
    const process = blocked.startProcess();
    for (let i = 0; i < 3; i += 1) await process.note(tenant.id, operation);
    expect(process.messages()).toEqual([line]);
  });
});

describe('a search without a key', () => {
  it('costs one transaction an hour, and none is left uncounted', async ({ tenant, blocked }) => {
    const process = blocked.startProcess();
    for (let i = 0; i < 200; i += 1) await process.note(tenant.id, 'search');
    expect(process.transactions()).toBe(1);
    process.later(hourMs + 60_000);
    await blocked.endWindow();
    await Promise.all(Array.from({ length: 10 }, () => process.note(tenant.id, 'search')));
    expect(process.transactions()).toBe(2);
    expect(await blocked.entriesOf()).toEqual([
      { operation: 'search', count: 1 },
      { operation: 'search', count: 200 },
    ]);
  });

  it('is answered although it cannot be counted, and is counted later', async ({ test, tenant, blocked }) => {
    let isUp = false;
    const { database } = test.services;
    const process = blocked.startProcess({
      ...database,
      withTenant: (tenantId, work) =>
        isUp ? database.withTenant(tenantId, work) : Promise.reject(new Error('the database is away')),
    });
    await process.note(tenant.id, 'search');
    expect(await blocked.entriesOf()).toEqual([]);
    isUp = true;
    process.later(hourMs + 60_000);
    await process.note(tenant.id, 'search');
    expect(await blocked.entriesOf()).toEqual([{ operation: 'search', count: 2 }]);
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

/** Counters of blocked operations, and what they have entered in the audit log. */
function openBlockedOperations(test: TestServices, tenant: TestTenant) {
  /** The counter of one process, whose clock the fact sets; and what it has written to its log. */
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

  /** Sets the last report back, as if its hour were over. */
  const endWindow = () =>
    test.db.rawAsOwner(
      `update blocked_operations set reported_at = reported_at - interval '1 hour' where tenant_id = $1`,
      [tenant.id],
    );
  const entriesOf = async (of = tenant) => {
    const rows = await test.services.audit.list(of.id, { action: 'llm.blocked_no_api_key', limit: 100 });
    return rows.map(({ details }) => details).reverse();
  };

  return { startProcess, endWindow, entriesOf };
}
