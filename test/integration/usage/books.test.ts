import fc from 'fast-check';
import pLimit from 'p-limit';
import { describe, expect } from 'vitest';
import { believed, type Cost } from '../../../src/domain/cost.ts';
import { closeAbandonedCalls } from '../../../src/usage/abandoned-call-store.ts';
import { copyMissingToLedger } from '../../../src/usage/ledger-store.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { holdTransaction, untilWaiting } from '../../support/held-transaction.ts';
import type { TestServices } from '../../support/test-services.ts';
import { openBudget } from './open-budget.ts';

/** A tenant has eight connections at once. Those that wait for one would on a busy machine wait for too long. */
const atOnce = pLimit(60);

// The month, the days of API keys and the ledger, which say the same of every call.
const it = factsOfServices(() => ({ DATABASE_POOL_SIZE: '20' }))
  .extend('tenant', ({ test }) => test.createTenant())
  .extend('budget', ({ test, tenant }) => openBudget(test, tenant));

it('agree, and no budget is overspent, whatever two hundred calls at once come to', async ({ test }) => {
  const run = fc.record({
    monthTokens: fc.integer({ min: 50, max: 1_500 }),
    dayTokens: fc.integer({ min: 50, max: 1_500 }),
    calls: fc.array(aCall, { minLength: 200, maxLength: 200 }),
  });
  await fc.assert(
    fc.asyncProperty(run, async ({ monthTokens, dayTokens, calls }) => {
      const { spent, most, entries, estimates, month, day, ledger } = await makeCalls(test, {
        ...{ monthTokens, dayTokens, calls },
      });
      expect(most.month).toBeLessThanOrEqual(monthTokens);
      expect(most.day).toBeLessThanOrEqual(dayTokens);
      expect(month).toEqual({ settled: spent.month, reserved: 0 });
      expect(day).toEqual({ settled: spent.day, reserved: 0 });
      expect(ledger).toEqual({
        ...{ tokens: spent.month, of_keys: spent.day, calls: entries, estimated: estimates },
      });
    }),
    // Two hundred calls at once cannot be made smaller: whether they clash is a matter of time.
    { numRuns: 6, endOnFailure: true },
  );
}, 120_000);

describe('the ledger', () => {
  it.for(['10 minutes', '2 days', '400 days'])(
    'gets a call that no step has entered for %s',
    async (age, { budget }) => {
      await budget.finish((await budget.begin(50)) ?? '', 40);
      await budget.reconcile('0');
      expect(await budget.ledger()).toMatchObject({ calls: 0 });
      await budget.reconcile(age);
      await budget.reconcile('0');
      expect(await budget.ledger()).toEqual({ tokens: 40, of_keys: 0, calls: 1, estimated: 0 });
    },
  );

  it('is searched for missing calls by an index that holds nothing else', async ({ test, budget }) => {
    for (let i = 0; i < 20; i += 1) await budget.finish((await budget.begin(1)) ?? '', 1);
    await budget.reconcile('1 hour');
    const [index] = await test.db.rawAsOwner(
      `select pg_get_expr(indpred, indrelid) as condition from pg_index
        where indexrelid = 'provider_calls_ledger_due'::regclass`,
    );
    expect(index).toEqual({ condition: 'ledger_due' });
    expect(
      await test.db.rawAsOwner('select count(*)::int as due from provider_calls where ledger_due'),
    ).toEqual([{ due: 0 }]);
  });

  it('shows what a crash left behind as an estimate, and a late answer corrects it', async ({ budget }) => {
    const id = (await budget.begin(100)) ?? '';
    expect(await budget.reconcile()).toBe(1);
    expect(await budget.ledger()).toEqual({ tokens: 100, of_keys: 0, calls: 1, estimated: 1 });
    await budget.finish(id, 60);
    await budget.reconcile();
    expect(await budget.ledger()).toEqual({ tokens: 60, of_keys: 0, calls: 1, estimated: 0 });
    expect(await budget.month()).toEqual({ settled: 60, reserved: 0 });
  });

  it.for([
    ['with its tokens', { kind: 'told', inputTokens: 60, outputTokens: 0 }, 'ok', { tokens: 60, calls: 1 }],
    ['with none', { kind: 'free' }, 'provider_rate_limited', { tokens: 0, calls: 0 }],
  ] as const)(
    'is corrected by a late answer %s that comes while the estimate is being entered',
    async ([, cost, outcome, entries], { test, tenant, budget }) => {
      const id = (await budget.begin(100)) ?? '';
      const sweep = await holdTransaction(test.services.database, tenant.id, async (tx) => {
        await closeAbandonedCalls(tx, tenant.id, 0);
        await copyMissingToLedger(tx, tenant.id, 0);
      });
      const answer = budget.settle(id, outcome, cost);
      expect(await untilWaiting(test.db, answer)).toBe('waits');
      await sweep.commit();
      await answer;
      await budget.reconcile();
      expect(await budget.ledger()).toEqual({ ...entries, of_keys: 0, estimated: 0 });
    },
  );
});

const endings = [
  'ok',
  'failed',
  'refused',
  'untold',
  'wild',
  'cancelled',
  'crashed',
  'late',
  'late refused',
] as const;
type Ending = (typeof endings)[number];

const aCall = fc.record({
  reserved: fc.integer({ min: 1, max: 60 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  ending: fc.constantFrom<Ending>('ok', ...endings),
  byKey: fc.boolean(),
});

interface Run {
  readonly monthTokens: number;
  readonly dayTokens: number;
  readonly calls: readonly (typeof aCall extends fc.Arbitrary<infer Call> ? Call : never)[];
}

/** Makes the calls of a new tenant at once, half of them by one API key. Returns what they cost, and what the books say. */
async function makeCalls(test: TestServices, { monthTokens, dayTokens, calls }: Run) {
  const tenant = await test.createTenant();
  const apiKeyId = tenant.actor.keyId ?? '';
  const budget = openBudget(test, tenant);
  await budget.setBudget(monthTokens);
  await test.services.tenants.updateApiKey(tenant.actor, apiKeyId, { dailyTokenBudget: dayTokens });

  const spent = { month: 0, day: 0 };
  const most = { month: 0, day: 0 };
  let entries = 0;
  let estimates = 0;
  const late: (() => Promise<void>)[] = [];
  await atOnce.map(calls, async ({ reserved, share, ending, byKey }) => {
    const id = await budget.begin(reserved, tenant, byKey ? apiKeyId : null);
    if (id === undefined) return;
    const [month, day] = await Promise.all([budget.month(), budget.day(apiKeyId)]);
    most.month = Math.max(most.month, Number(month.settled) + Number(month.reserved));
    most.day = Math.max(most.day, Number(day.settled) + Number(day.reserved));

    const bound = { inputTokens: reserved, outputTokens: 0 };
    const told: Cost = { kind: 'told', inputTokens: Math.floor(reserved * share), outputTokens: 0 };
    const wild: Cost = { kind: 'told', inputTokens: 2 ** 53 - 1, outputTokens: 0 };
    const ends = {
      ok: () => budget.settle(id, 'ok', told),
      failed: () => budget.settle(id, 'malformed_response', told),
      refused: () => budget.settle(id, 'input_rejected', { kind: 'free' }),
      untold: () => budget.settle(id, 'provider_timeout', { kind: 'unknown' }),
      wild: () => budget.settle(id, 'ok', believed(wild, bound)),
      cancelled: () => budget.cancel(id),
      crashed: async () => undefined,
      late: async () => void late.push(() => budget.settle(id, 'ok', told)),
      'late refused': async () =>
        void late.push(() => budget.settle(id, 'provider_rate_limited', { kind: 'free' })),
    } satisfies Record<Ending, () => Promise<void>>;
    await ends[ending]();

    const isTold = ending === 'ok' || ending === 'failed' || ending === 'late';
    const isEstimated = ending === 'untold' || ending === 'wild' || ending === 'crashed';
    const cost = isTold ? told.inputTokens : isEstimated ? reserved : 0;
    spent.month += cost;
    if (byKey) spent.day += cost;
    if (cost > 0 || ending === 'ok' || ending === 'late') entries += 1;
    if (isEstimated) estimates += 1;
  });
  await budget.reconcile();
  await atOnce.map(late, (answer) => answer());
  await budget.reconcile();
  const [month, day, ledger] = await Promise.all([budget.month(), budget.day(apiKeyId), budget.ledger()]);
  return { spent, most, entries, estimates, month, day, ledger };
}
