import { describe, expect } from 'vitest';
import { factsOfServices } from '../../support/fixtures.ts';
import { recentDays } from '../../support/recent-days.ts';
import { openBudget } from './open-budget.ts';

const it = factsOfServices(() => ({ DATABASE_POOL_SIZE: '20' }))
  .extend('tenant', ({ test }) => test.createTenant())
  .extend('budget', ({ test, tenant }) => openBudget(test, tenant));

describe('a monthly budget', () => {
  it('counts a tenant’s tokens where it has none, too', async ({ budget }) => {
    const id = await budget.begin(100);
    expect(await budget.month()).toEqual({ settled: 0, reserved: 100 });
    await budget.finish(id ?? '', 60);
    expect(await budget.month()).toEqual({ settled: 60, reserved: 0 });
  });

  it('holds back what calls under way may cost, and gives back what they did not', async ({ budget }) => {
    await budget.setBudget(100);
    const first = await budget.begin(70);
    expect(await budget.begin(31)).toBeUndefined();
    const second = await budget.begin(30);
    await budget.finish(first ?? '', 10);
    await budget.finish(second ?? '', 30);
    expect(await budget.begin(60)).toBeDefined();
    expect(await budget.begin(1)).toBeUndefined();
  });

  it('gives everything back for a call that failed or was not made', async ({ test, tenant, budget }) => {
    await budget.setBudget(100);
    const failed = await budget.begin(100);
    await budget.finish(failed ?? '', 0, 'provider_timeout');
    const cancelled = await budget.begin(100);
    await budget.cancel(cancelled ?? '');
    expect(await budget.month()).toEqual({ settled: 0, reserved: 0 });
    expect(
      await test.db.rawAsOwner('select outcome from provider_calls where tenant_id = $1', [tenant.id]),
    ).toEqual([{ outcome: 'provider_timeout' }]);
  });

  it('of nothing lets nothing through', async ({ budget }) => {
    await budget.setBudget(0);
    expect(await budget.begin(1)).toBeUndefined();
  });

  it('is its own tenant’s alone', async ({ test, budget }) => {
    const other = await test.createTenant();
    await budget.setBudget(10);
    expect(await budget.begin(11)).toBeUndefined();
    expect(await budget.begin(11, other)).toBeDefined();
    expect(await budget.month(other)).toEqual({ settled: 0, reserved: 11 });
  });

  it('settles a call once, however often it is finished', async ({ budget }) => {
    const id = (await budget.begin(50)) ?? '';
    await Promise.all([budget.finish(id, 40), budget.finish(id, 40), budget.finish(id, 40)]);
    expect(await budget.month()).toEqual({ settled: 40, reserved: 0 });
  });

  it('distinguishes a call that lacks budget only while others are under way from one that lacks it for good', async ({
    budget,
  }) => {
    await budget.setBudget(100);
    const first = await budget.begin(70);
    expect(await budget.refusal(40)).toBe('budget_reserved');
    expect(await budget.refusal(101)).toBe('month_exhausted');
    await budget.finish(first ?? '', 70);
    expect(await budget.refusal(40)).toBe('month_exhausted');
  });

  it('is logged once at 80 % and once when it is used up, until it is changed', async ({ budget }) => {
    await budget.setBudget(100);
    for (let i = 0; i < 9; i += 1) await budget.finish((await budget.begin(10)) ?? '', 10);
    expect(await budget.warnings()).toEqual([80]);
    await Promise.all([budget.begin(11), budget.begin(11), budget.begin(11)]);
    expect(await budget.warnings()).toEqual([80, 100]);
    await budget.finish((await budget.begin(1)) ?? '', 1);
    await budget.begin(11);
    expect(await budget.warnings()).toEqual([80, 100]);
    await budget.setBudget(200);
    await budget.finish((await budget.begin(11)) ?? '', 11);
    await budget.begin(150);
    expect(await budget.warnings()).toEqual([80, 100, 100]);
  });

  it('counts a call that a crash left open as spent, and corrects it by a late answer', async ({
    test,
    tenant,
    budget,
  }) => {
    await budget.setBudget(1_000);
    const id = (await budget.begin(100)) ?? '';
    await budget.begin(7);
    await test.db.rawAsOwner(
      "update provider_calls set started_at = now() - interval '10 minutes' where tenant_id = $1 and id = $2",
      [tenant.id, id],
    );
    expect(await test.services.usage.closeAbandoned()).toBe(1);
    expect(await budget.month()).toEqual({ settled: 100, reserved: 7 });
    expect(await test.services.usage.report(tenant.id, { ...recentDays(), groupBy: [] })).toMatchObject({
      unknownCalls: 1,
    });
    await budget.finish(id, 60);
    expect(await budget.month()).toEqual({ settled: 60, reserved: 7 });
    expect(await test.services.usage.closeAbandoned()).toBe(0);
  });

  it('finds answered calls that are not in the ledger', async ({ test, tenant, budget }) => {
    const id = (await budget.begin(50)) ?? '';
    await budget.finish(id, 40);
    const calls = async () =>
      (await test.services.usage.report(tenant.id, { ...recentDays(), groupBy: [] })).rows.length;
    await test.services.usage.closeAbandoned();
    expect(await calls()).toBe(0);
    await test.db.rawAsOwner(
      "update provider_calls set finished_at = now() - interval '10 minutes' where tenant_id = $1",
      [tenant.id],
    );
    await test.services.usage.closeAbandoned();
    await test.services.usage.closeAbandoned();
    const entered = await test.db.rawAsOwner(
      'select input_tokens::int as tokens from usage_ledger where tenant_id = $1',
      [tenant.id],
    );
    expect(entered).toEqual([{ tokens: 40 }]);
  });

  it('begins anew with the month', async ({ test, tenant, budget }) => {
    await budget.setBudget(100);
    await budget.finish((await budget.begin(100)) ?? '', 100);
    expect(await budget.begin(1)).toBeUndefined();
    await test.db.rawAsOwner(
      "update monthly_usage set month = (month - interval '1 month')::date where tenant_id = $1",
      [tenant.id],
    );
    expect(await budget.begin(100)).toBeDefined();
  });
});
