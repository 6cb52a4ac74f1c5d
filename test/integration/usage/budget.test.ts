import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

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
    expect(await budget.refusal(101)).toBe('budget_exhausted');
    await budget.finish(first ?? '', 70);
    expect(await budget.refusal(40)).toBe('budget_exhausted');
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
    const day = new Date().toISOString().slice(0, 10);
    expect(await test.services.usage.report(tenant.id, { from: day, to: day, groupBy: [] })).toMatchObject({
      unknownCalls: 1,
    });
    await budget.finish(id, 60);
    expect(await budget.month()).toEqual({ settled: 60, reserved: 7 });
    expect(await test.services.usage.closeAbandoned()).toBe(0);
  });

  it('finds answered calls that are not in the ledger', async ({ test, tenant, budget }) => {
    const id = (await budget.begin(50)) ?? '';
    await budget.finish(id, 40);
    const day = new Date().toISOString().slice(0, 10);
    const calls = async () =>
      (await test.services.usage.report(tenant.id, { from: day, to: day, groupBy: [] })).rows.length;
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

it('is never overspent by two hundred calls at once that fail at random, and holds nothing back at rest', async ({
  test,
}) => {
  const call = fc.record({
    reserved: fc.integer({ min: 1, max: 60 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    ending: fc.constantFrom('ok', 'ok', 'provider_unavailable', 'cancelled', 'crashed'),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 50, max: 1_500 }),
      fc.array(call, { minLength: 200, maxLength: 200 }),
      async (tokens, calls) => {
        const tenant = await test.createTenant();
        const budget = openBudget(test, tenant);
        await budget.setBudget(tokens);
        let spent = 0;
        let most = 0;
        await Promise.all(
          calls.map(async ({ reserved, share, ending }) => {
            const id = await budget.begin(reserved);
            if (id === undefined) return;
            const { settled, reserved: held } = await budget.month();
            most = Math.max(most, Number(settled) + Number(held));
            const used = ending === 'ok' ? Math.floor(reserved * share) : 0;
            if (ending === 'cancelled') await budget.cancel(id);
            else if (ending !== 'crashed') await budget.finish(id, used, ending);
            spent += ending === 'crashed' ? reserved : used;
          }),
        );
        await test.db.rawAsOwner(
          "update provider_calls set started_at = now() - interval '1 hour' where tenant_id = $1 and outcome is null",
          [tenant.id],
        );
        await test.services.usage.closeAbandoned();
        expect(most).toBeLessThanOrEqual(tokens);
        expect(await budget.month()).toEqual({ settled: spent, reserved: 0 });
        expect(spent).toBeLessThanOrEqual(tokens);
      },
    ),
    { numRuns: 4 },
  );
}, 120_000);

/** One tenant's monthly budget, and the calls that it pays; another tenant's call where one is named. */
function openBudget(test: TestServices, tenant: TestTenant) {
  const { usage } = test.services;
  const within = <T>(work: (tx: Transaction) => Promise<T>, of = tenant) =>
    test.services.database.withTenant(of.id, work);

  const setBudget = async (tokens: number | null) => {
    await test.services.llmConfig.update(tenant.actor, { monthly_token_budget: tokens });
  };

  const reserve = (id: string, maxTokens: number, of: TestTenant) =>
    within(
      (tx) =>
        usage.begin(tx, of.id, {
          ...{ id, provider: 'embedding', operation: 'embedding', source: 'workflow', model: 'm' },
          ...{ keyVersion: 1, inputs: 1, maxTokens, maxOutputTokens: 0, likelyTokens: maxTokens },
        }),
      of,
    );
  /** The id of the call record, or undefined where the budget refuses the call. */
  const begin = async (reservedTokens: number, of = tenant) => {
    const id = randomUUID();
    return (await reserve(id, reservedTokens, of)) === 'begun' ? id : undefined;
  };
  /** The answer to a call that lacks budget. */
  const refusal = (reservedTokens: number) => reserve(randomUUID(), reservedTokens, tenant);

  const finish = (id: string, tokens: number, outcome = 'ok') => {
    const cost = { kind: 'told', inputTokens: tokens, outputTokens: 0 } as const;
    return within((tx) => usage.finish(tx, tenant.id, { id, outcome, cost, maxTokens: 1_000 }));
  };
  const cancel = (id: string) => within((tx) => usage.cancel(tx, tenant.id, id));

  const month = async (of = tenant) => {
    const [row] = await test.db.rawAsOwner(
      'select settled_tokens::int as settled, reserved_tokens::int as reserved from monthly_usage where tenant_id = $1',
      [of.id],
    );
    return row ?? { settled: 0, reserved: 0 };
  };

  /** The percentages of the budget that the audit log has an entry for. */
  const warnings = async () => {
    const rows = await test.db.rawAsOwner(
      `select details->>'percent' as percent from audit_log where tenant_id = $1 and action = 'llm.budget_reached'
      order by id`,
      [tenant.id],
    );
    return rows.map(({ percent }) => Number(percent));
  };

  return { setBudget, begin, refusal, finish, cancel, month, warnings };
}
