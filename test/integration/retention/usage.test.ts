import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { usageGroupings } from '../../../src/usage/ledger-store.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import type { TestServices } from '../../support/test-services.ts';

const it = factsOfServices();

it('leaves a report as it was, by every grouping, while old calls go batch by batch', async ({
  test,
  tenant,
}) => {
  const stranger = await test.createTenant();
  for (const { id } of [tenant, stranger]) await addCalls(test, id, 450);
  const before = await reports(test, tenant.id);
  const ofStranger = await reports(test, stranger.id);
  expect(before.at(-1)?.rows.length).toBeGreaterThan(10);
  expect(before[0]?.unknownCalls).toBeGreaterThan(0);

  expect(await countCalls(test, tenant.id)).toBe(450);
  const counts: unknown[] = [];
  for (let run = 0; run < 4; run += 1) {
    await test.services.retention.sweep();
    counts.push(await countCalls(test, tenant.id));
    expect(await reports(test, tenant.id)).toEqual(before);
  }
  // Of 450 calls every second day is younger than the end.
  expect(counts).toEqual([250, 225, 225, 225]);
  expect(await reports(test, stranger.id)).toEqual(ofStranger);
  expect(
    await test.db.rawAsOwner('select sum(calls)::int as calls from usage_daily_sums where tenant_id = $1', [
      tenant.id,
    ]),
  ).not.toEqual([{ calls: null }]);
});

it('keeps an old call that the ledger lacks', async ({ test, tenant }) => {
  await addCalls(test, tenant.id, 10);
  await test.db.rawAsOwner('delete from usage_ledger where tenant_id = $1', [tenant.id]);
  await test.services.retention.sweep();
  const left = await test.db.rawAsOwner(
    `select distinct outcome from provider_calls where tenant_id = $1 and started_at < now() - interval '93 days'`,
    [tenant.id],
  );
  expect(left).toEqual([{ outcome: 'ok' }]);
});

it('keeps a call that has not ended, however old', async ({ test, tenant }) => {
  await test.db.rawAsOwner(
    `insert into provider_calls (tenant_id, id, provider, operation, source, model, key_version, inputs, started_at)
     values ($1, $2, 'embedding', 'embedding', 'gate', 'm', 1, 1, now() - interval '2 years')`,
    [tenant.id, randomUUID()],
  );
  await test.services.retention.sweep();
  expect(await countCalls(test, tenant.id)).toBe(1);
});

/** Calls of all kinds: half of them a little younger than a quarter, half of them older, each finished one in the ledger. */
async function addCalls({ db }: TestServices, tenantId: string, count: number): Promise<void> {
  await db.rawAsOwner(
    `with calls as (
       insert into provider_calls (tenant_id, id, provider, operation, source, model, key_version, inputs, started_at,
                                   finished_at, outcome, input_tokens, output_tokens, estimated, api_key_id, day)
       select $1::uuid, gen_random_uuid(), 'embedding', case when n % 2 = 0 then 'embedding' else 'search' end,
              case when n % 3 = 0 then 'gate' else 'workflow' end, 'model-' || n % 4, 1, 1, at, at + interval '1 second',
              case when n % 11 = 0 then 'unknown' when n % 7 = 0 then 'provider_timeout' else 'ok' end,
              n, n % 5, n % 10 = 3,
              case when n % 3 = 1 then md5((n % 2)::text)::uuid end, case when n % 3 = 1 then at::date end
         from generate_series(1, $2::int) n,
              lateral (select now() - case when n % 2 = 0 then interval '91 days' else interval '93 days' end
                              - (n % 24) * interval '1 hour' * (n % 2) as at) times
       returning *
     )
     insert into usage_ledger (tenant_id, call_id, at, operation, provider, model, source, api_key_id, input_tokens,
                               output_tokens, estimated)
     select tenant_id, id, finished_at, operation, provider, model, source, api_key_id, input_tokens, output_tokens, estimated
       from calls where outcome <> 'provider_timeout' and (outcome = 'ok' or estimated)`,
    [tenantId, count],
  );
}

/** The report by nothing, by each grouping, and by all. */
async function reports({ services }: TestServices, tenantId: string) {
  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  const period = { from: day(200), to: day(0) };
  return Promise.all(
    [[], ...usageGroupings.map((grouping) => [grouping]), usageGroupings].map((groupBy) =>
      services.usage.report(tenantId, { ...period, groupBy }),
    ),
  );
}

async function countCalls({ db }: TestServices, tenantId: string): Promise<unknown> {
  const [row] = await db.rawAsOwner(
    'select count(*)::int as count from provider_calls where tenant_id = $1',
    [tenantId],
  );
  return row?.count;
}
