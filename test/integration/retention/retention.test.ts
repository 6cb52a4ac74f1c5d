import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { RetentionRule } from '../../../src/platform/retention/retention-rule.ts';
import { createRetentionService } from '../../../src/retention/retention.ts';
import { tableEnds } from '../../../src/retention/table-ends.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import type { TestServices } from '../../support/test-services.ts';

const it = factsOfServices();

it('has an answer for every table, and a table that ends with another names one that ends', async ({
  test,
}) => {
  const tables = await test.db.rawAsOwner(
    `select relname from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname not like 'knex%' order by 1`,
  );
  const ends = tableEnds(undefined);
  expect(Object.keys(ends).toSorted()).toEqual(tables.map(({ relname }) => relname));
  for (const [table, end] of Object.entries(ends)) {
    if (end.kind === 'retention') expect([table, 'chunk_vectors']).toContain(end.rule.table);
    if (end.kind === 'with') expect(ends[end.table]?.kind, table).toMatch(/retention|kept/);
  }
});

it('deletes rows past their end and no younger one, in every table that just deletes them', async ({
  test,
}) => {
  for (const [table, { old, young }] of Object.entries(await fillTables(test))) {
    await sweepAll(test);
    const left = await test.db.rawAsOwner(`select * from ${table} where tenant_id = any($1)`, [[old, young]]);
    expect(
      left.map(({ tenant_id }) => tenant_id),
      table,
    ).toEqual([young]);
  }
});

it('serves every tenant in each run: one with a thousand rows past their end gets one batch of 200', async ({
  test,
}) => {
  const [rich, poor] = [await test.createTenant(), await test.createTenant()];
  await addAnswers(test, rich.id, 1_000, '3 days');
  await addAnswers(test, poor.id, 10, '25 hours');
  expect(await test.services.retention.sweep()).toBe(210);
  expect(await countAnswers(test, rich.id)).toBe(800);
  expect(await countAnswers(test, poor.id)).toBe(0);
  const shown = await test.metrics.scrape();
  expect(shown).toMatch(/^lorekeep_retention_deleted_total{table="idempotency_keys"} [1-9]/m);
  // Three days less the one for which it is kept.
  expect(shown).toMatch(/^lorekeep_retention_overdue_seconds{table="idempotency_keys"} 1728\d\d/m);
  await sweepAll(test);
  expect(await countAnswers(test, rich.id)).toBe(0);
});

it('deletes the old answers of the superadmin, who has no tenant', async ({ test }) => {
  const nil = '00000000-0000-0000-0000-000000000000';
  await addAnswers(test, nil, 3, '25 hours');
  await addAnswers(test, nil, 1, '23 hours');
  await sweepAll(test);
  expect(await countAnswers(test, nil)).toBe(1);
});

it('serves the other tenants where the batch of one fails', async ({ test }) => {
  const [failing, other] = [await test.createTenant(), await test.createTenant()];
  const failed: unknown[] = [];
  const rule: RetentionRule = {
    ...{ table: 'idempotency_keys', keptMs: 0 },
    findDue: async () => ({ tenantIds: [failing.id, other.id], overdueSeconds: 1 }),
    deleteBatch: async (_tx, tenantId) => {
      if (tenantId === failing.id) throw new Error('refused');
      return 7;
    },
  };
  const retention = createRetentionService({
    ...{ database: test.services.database, metrics: noMetrics, rules: [rule] },
    log: { warn: (fields: object) => void failed.push('tenant_id' in fields && fields.tenant_id) },
  });
  expect(await retention.sweep()).toBe(7);
  expect(failed).toEqual([failing.id]);
});

it('begins no table once its time is over, and the next run begins with that table', async ({ test }) => {
  const swept: string[] = [];
  const rules = ['a', 'b', 'c'].map(
    (table): RetentionRule => ({
      ...{ table, keptMs: 0, deleteBatch: async () => 0 },
      findDue: async () => {
        swept.push(table);
        return { tenantIds: [], overdueSeconds: 0 };
      },
    }),
  );
  const { database } = test.services;
  const retention = createRetentionService({
    ...{ database, metrics: noMetrics, rules, log: { warn: () => undefined }, sweepMs: 0 },
  });
  for (let run = 0; run < 4; run += 1) await retention.sweep();
  expect(swept).toEqual(['a', 'b', 'c', 'a']);
});

const noMetrics = { deleted: () => undefined, overdue: () => undefined };

it('goes past rows that another transaction holds', async ({ test, tenant }) => {
  await addAnswers(test, tenant.id, 5, '25 hours');
  await test.services.database.withTenant(tenant.id, async (tx) => {
    await tx.raw('select 1 from idempotency_keys where tenant_id = ? limit 2 for update', [tenant.id]);
    expect(await test.services.retention.sweep()).toBe(3);
  });
});

it('reads in its scope the tables with an end, and writes nothing there', async ({ test, tenant }) => {
  await addAnswers(test, tenant.id, 1, '1 hour');
  const within = <T>(work: Parameters<typeof test.services.database.withScope<T>>[1]) =>
    test.services.database.withScope('retention', work);
  expect(await within((tx) => tx('idempotency_keys').where({ tenant_id: tenant.id }))).toHaveLength(1);
  expect(await within((tx) => tx('idempotency_keys').update({ status: 500 }))).toBe(0);
  expect(await within((tx) => tx('idempotency_keys').delete())).toBe(0);
  for (const hidden of ['articles', 'tenants', 'provider_keys', 'api_keys'])
    expect(await within((tx) => tx(hidden).select('*')), hidden).toEqual([]);
});

/** Sweeps until nothing is left. */
async function sweepAll({ services }: TestServices): Promise<void> {
  while ((await services.retention.sweep()) > 0);
}

const addAnswers = ({ db }: TestServices, tenantId: string, count: number, age: string) =>
  db.rawAsOwner(
    `insert into idempotency_keys (tenant_id, key, request_hash, status, body, created_at)
     select $1, gen_random_uuid()::text, 'x', 200, '{}', now() - $3::interval from generate_series(1, $2)`,
    [tenantId, count, age],
  );

async function countAnswers({ db }: TestServices, tenantId: string): Promise<unknown> {
  const [row] = await db.rawAsOwner(
    'select count(*)::int as count from idempotency_keys where tenant_id = $1',
    [tenantId],
  );
  return row?.count;
}

/** A row just past its end and one just before, of a tenant each, in every table with a plain rule. */
async function fillTables(test: TestServices) {
  const insert = async (table: string, insertOne: (tenantId: string, ageMs: number) => Promise<unknown>) => {
    const end = tableEnds(undefined)[table];
    if (end?.kind !== 'retention') throw new Error(`${table} has no rule`);
    const [old, young] = [(await test.createTenant()).id, (await test.createTenant()).id];
    const day = 86_400_000;
    await insertOne(old, end.rule.keptMs + (table === 'search_cursors' ? 60_000 : 2 * day));
    await insertOne(young, end.rule.keptMs - (table === 'search_cursors' ? 60_000 : 2 * day));
    return { old, young };
  };
  const past = (ms: number) => new Date(Date.now() - ms);
  const { rawAsOwner } = test.db;
  return {
    search_cursors: await insert('search_cursors', (tenantId, ageMs) =>
      rawAsOwner(`insert into search_cursors (tenant_id, id, cursor, created_at) values ($1, $2, '{}', $3)`, [
        tenantId,
        randomUUID(),
        past(ageMs),
      ]),
    ),
    chunk_purchases: await insert('chunk_purchases', (tenantId, ageMs) =>
      rawAsOwner(
        `insert into chunk_purchases (tenant_id, target_id, chunker_version, chunk_hash, call_id, expires_at)
         values ($1, 'm', 1, 'h', gen_random_uuid(), $2)`,
        [tenantId, past(ageMs)],
      ),
    ),
    chunk_refusals: await insert('chunk_refusals', (tenantId, ageMs) =>
      rawAsOwner(
        `insert into chunk_refusals (tenant_id, target_id, chunker_version, chunk_hash, largest_batch, cause, group_id,
                                     whole, passed_batch, failures, expires_at)
         values ($1, 'm', 1, 'h', 0, 'input', gen_random_uuid(), true, 0, 0, $2)`,
        [tenantId, past(ageMs)],
      ),
    ),
    idempotency_keys: await insert('idempotency_keys', (tenantId, ageMs) =>
      addAnswers(test, tenantId, 1, `${ageMs} milliseconds`),
    ),
    extraction_answers: await insert('extraction_answers', (tenantId, ageMs) =>
      rawAsOwner(
        `insert into extraction_answers (tenant_id, subject_kind, subject_id, part, answer, answered_at)
         values ($1, 'ingestion', gen_random_uuid(), 0, 'sealed', $2)`,
        [tenantId, past(ageMs)],
      ),
    ),
    usage_daily_sums: await insert('usage_daily_sums', (tenantId, ageMs) =>
      rawAsOwner(
        `insert into usage_daily_sums values ($1, $2::timestamptz, 'embedding', 'embedding', 'm', 'gate', null, 1, 1, 1, 0, 0)`,
        [tenantId, past(ageMs)],
      ),
    ),
    monthly_usage: await insert('monthly_usage', (tenantId, ageMs) =>
      rawAsOwner(
        // The month begins up to 31 days before the time.
        `insert into monthly_usage (tenant_id, month)
         values ($1, date_trunc('month', $2::timestamptz + case when $3 then interval '0' else interval '35 days' end))`,
        [tenantId, past(ageMs), ageMs > 1_100 * 86_400_000],
      ),
    ),
  };
}
