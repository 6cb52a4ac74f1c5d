import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestServices, type TestServices, type TestTenant } from '../../support/test-services.ts';

let test: TestServices;
let tenant: TestTenant;
beforeAll(async () => {
  test = await createTestServices({ TEMPORAL_ADDRESS: '127.0.0.1:1', DATABASE_POOL_SIZE: '20' });
});
afterAll(async () => {
  await test.close();
});
beforeEach(async () => {
  tenant = await test.createTenant();
});

const within = <T>(work: Parameters<typeof test.services.database.withTenant<T>>[1], of = tenant) =>
  test.services.database.withTenant(of.id, work);

const setBudget = async (tokens: number | null) => {
  await test.services.llmConfig.update(tenant.actor, { monthly_token_budget: tokens });
};

const begin = async (reservedTokens: number, of = tenant) => {
  const id = randomUUID();
  const begun = await within(
    (tx) =>
      test.services.usage.begin(tx, of.id, {
        id,
        provider: 'embedding',
        operation: 'embedding',
        source: 'workflow',
        model: 'm',
        keyVersion: 1,
        inputs: 1,
        reservedTokens,
      }),
    of,
  );
  return begun === 'begun' ? id : undefined;
};

/** What a call that finds no room is told. */
const refusal = (reservedTokens: number) =>
  within((tx) =>
    test.services.usage.begin(tx, tenant.id, {
      id: randomUUID(),
      provider: 'embedding',
      operation: 'embedding',
      source: 'workflow',
      model: 'm',
      keyVersion: 1,
      inputs: 1,
      reservedTokens,
    }),
  );

const finish = (id: string, tokens: number, outcome = 'ok') =>
  within((tx) =>
    test.services.usage.finish(tx, tenant.id, { id, outcome, inputTokens: tokens, outputTokens: 0 }),
  );

const month = async (of = tenant) => {
  const [row] = await test.db.rawAsOwner(
    'select settled_tokens::int as settled, reserved_tokens::int as reserved from monthly_usage where tenant_id = $1',
    [of.id],
  );
  return row ?? { settled: 0, reserved: 0 };
};

const told = async () => {
  const rows = await test.db.rawAsOwner(
    `select details->>'percent' as percent from audit_log where tenant_id = $1 and action = 'llm.budget_reached'
      order by id`,
    [tenant.id],
  );
  return rows.map(({ percent }) => Number(percent));
};

describe('a monthly budget', () => {
  it('counts a tenant’s tokens where it has none, too', async () => {
    const id = await begin(100);
    expect(await month()).toEqual({ settled: 0, reserved: 100 });
    await finish(id ?? '', 60);
    expect(await month()).toEqual({ settled: 60, reserved: 0 });
  });

  it('holds back what calls under way may cost, and gives back what they did not', async () => {
    await setBudget(100);
    const first = await begin(70);
    expect(await begin(31)).toBeUndefined();
    const second = await begin(30);
    await finish(first ?? '', 10);
    await finish(second ?? '', 30);
    expect(await begin(60)).toBeDefined();
    expect(await begin(1)).toBeUndefined();
  });

  it('gives everything back for a call that failed or was not made', async () => {
    await setBudget(100);
    const failed = await begin(100);
    await finish(failed ?? '', 0, 'provider_timeout');
    const cancelled = await begin(100);
    await within((tx) => test.services.usage.cancel(tx, tenant.id, cancelled ?? ''));
    expect(await month()).toEqual({ settled: 0, reserved: 0 });
    expect(
      await test.db.rawAsOwner('select outcome from provider_calls where tenant_id = $1', [tenant.id]),
    ).toEqual([{ outcome: 'provider_timeout' }]);
  });

  it('of nothing lets nothing through', async () => {
    await setBudget(0);
    expect(await begin(1)).toBeUndefined();
  });

  it('is its own tenant’s alone', async () => {
    const other = await test.createTenant();
    await setBudget(10);
    expect(await begin(11)).toBeUndefined();
    expect(await begin(11, other)).toBeDefined();
    expect(await month(other)).toEqual({ settled: 0, reserved: 11 });
  });

  it('settles a call once, however often it is finished', async () => {
    const id = (await begin(50)) ?? '';
    await Promise.all([finish(id, 40), finish(id, 40), finish(id, 40)]);
    expect(await month()).toEqual({ settled: 40, reserved: 0 });
  });

  it('tells a call that lacks room only while others are under way from one that has none', async () => {
    await setBudget(100);
    const first = await begin(70);
    expect(await refusal(40)).toBe('budget_reserved');
    expect(await refusal(101)).toBe('budget_exhausted');
    await finish(first ?? '', 70);
    expect(await refusal(40)).toBe('budget_exhausted');
  });

  it('tells of 80 % once and of being used up once, until it is changed', async () => {
    await setBudget(100);
    for (let i = 0; i < 9; i += 1) await finish((await begin(10)) ?? '', 10);
    expect(await told()).toEqual([80]);
    await Promise.all([begin(11), begin(11), begin(11)]);
    expect(await told()).toEqual([80, 100]);
    await finish((await begin(1)) ?? '', 1);
    await begin(11);
    expect(await told()).toEqual([80, 100]);
    await setBudget(200);
    await finish((await begin(11)) ?? '', 11);
    await begin(150);
    expect(await told()).toEqual([80, 100, 100]);
  });

  it('counts a call that a crash left open as spent, and corrects it by a late answer', async () => {
    await setBudget(1_000);
    const id = (await begin(100)) ?? '';
    await begin(7);
    await test.db.rawAsOwner(
      "update provider_calls set started_at = now() - interval '10 minutes' where tenant_id = $1 and id = $2",
      [tenant.id, id],
    );
    expect(await test.services.usage.closeAbandoned()).toBe(1);
    expect(await month()).toEqual({ settled: 100, reserved: 7 });
    const day = new Date().toISOString().slice(0, 10);
    expect(await test.services.usage.report(tenant.id, { from: day, to: day, groupBy: [] })).toMatchObject({
      unknownCalls: 1,
    });
    await finish(id, 60);
    expect(await month()).toEqual({ settled: 60, reserved: 7 });
    expect(await test.services.usage.closeAbandoned()).toBe(0);
  });

  it('finds answered calls that nobody has entered in the ledger', async () => {
    const id = (await begin(50)) ?? '';
    await finish(id, 40);
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

  it('begins anew with the month', async () => {
    await setBudget(100);
    await finish((await begin(100)) ?? '', 100);
    expect(await begin(1)).toBeUndefined();
    await test.db.rawAsOwner(
      "update monthly_usage set month = (month - interval '1 month')::date where tenant_id = $1",
      [tenant.id],
    );
    expect(await begin(100)).toBeDefined();
  });
});

it('is never overspent by two hundred who call at once and fail at random, and holds nothing back at rest', async () => {
  const call = fc.record({
    reserved: fc.integer({ min: 1, max: 60 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    ending: fc.constantFrom('ok', 'ok', 'provider_unavailable', 'cancelled', 'crashed'),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 50, max: 1_500 }),
      fc.array(call, { minLength: 200, maxLength: 200 }),
      async (budget, calls) => {
        tenant = await test.createTenant();
        await setBudget(budget);
        let spent = 0;
        let most = 0;
        await Promise.all(
          calls.map(async ({ reserved, share, ending }) => {
            const id = await begin(reserved);
            if (id === undefined) return;
            const { settled, reserved: held } = await month();
            most = Math.max(most, Number(settled) + Number(held));
            const tokens = ending === 'ok' ? Math.floor(reserved * share) : 0;
            if (ending === 'cancelled') await within((tx) => test.services.usage.cancel(tx, tenant.id, id));
            else if (ending !== 'crashed') await finish(id, tokens, ending);
            spent += ending === 'crashed' ? reserved : tokens;
          }),
        );
        await test.db.rawAsOwner(
          "update provider_calls set started_at = now() - interval '1 hour' where tenant_id = $1 and outcome is null",
          [tenant.id],
        );
        await test.services.usage.closeAbandoned();
        expect(most).toBeLessThanOrEqual(budget);
        expect(await month()).toEqual({ settled: spent, reserved: 0 });
        expect(spent).toBeLessThanOrEqual(budget);
      },
    ),
    { numRuns: 4 },
  );
}, 120_000);
