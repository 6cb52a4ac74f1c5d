import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

const it = factsOfServices()
  .extend('tenant', async ({ test }): Promise<TestTenant> => test.createTenant())
  .extend('budget', ({ test, tenant }) => openBudget(test, tenant));

describe('a budget of 100 tokens', () => {
  it('admits a call that uses it up to the last token, and none of a token more', async ({ budget }) => {
    await budget.spend(40);
    expect(await budget.begin(61)).toBe('month_exhausted');
    expect(await budget.begin(60)).toBe('begun');
    expect(await budget.begin(1)).not.toBe('begun');
  });

  it('makes a call wait that will fit to the last token, and refuses one of a token more', async ({
    budget,
  }) => {
    await budget.spend(40);
    expect(await budget.begin(30)).toBe('begun');
    expect(await budget.begin(60)).toBe('budget_reserved');
    expect(await budget.begin(61)).toBe('month_exhausted');
  });

  it('is spent at the last token and not before', async ({ budget }) => {
    await budget.spend(99);
    expect(await budget.begin(2)).toBe('month_exhausted');
    expect(await budget.isSpent()).toBe(false);
    await budget.spend(1);
    expect(await budget.begin(1)).toBe('month_exhausted');
    expect(await budget.isSpent()).toBe(true);
  });

  it('is reported at exactly 80 tokens, and at no fewer', async ({ budget }) => {
    await budget.spend(79);
    expect(await budget.warnings()).toEqual([]);
    await budget.spend(1);
    expect(await budget.warnings()).toEqual([80]);
    await budget.spend(1);
    expect(await budget.warnings()).toEqual([80]);
  });
});

describe('a call that is still open', () => {
  it.for([
    ['4 minutes', 0],
    ['6 minutes', 1],
  ] as const)('after %s is taken for abandoned: %i', async ([age, closed], { test, tenant, budget }) => {
    expect(await budget.begin(10)).toBe('begun');
    await test.db.rawAsOwner(
      'update provider_calls set started_at = now() - $2::interval where tenant_id = $1',
      [tenant.id, age],
    );
    expect(await test.services.usage.closeAbandoned()).toBe(closed);
  });
});

/** A budget of 100 tokens of one tenant. */
function openBudget(test: TestServices, tenant: TestTenant) {
  const { usage } = test.services;
  const within = <T>(work: (tx: Transaction) => Promise<T>) =>
    test.services.database.withTenant(tenant.id, work);
  let isSet = false;

  const reserve = async (id: string, maxTokens: number) => {
    if (!isSet) await test.services.llmConfig.update(tenant.actor, { monthly_token_budget: 100 });
    isSet = true;
    return within((tx) =>
      usage.begin(tx, tenant.id, {
        ...{ id, provider: 'embedding', operation: 'embedding', source: 'workflow', model: 'm' },
        ...{ keyVersion: 1, inputs: 1, maxTokens, maxOutputTokens: 0, likelyTokens: () => maxTokens },
      }),
    );
  };
  const begin = (reservedTokens: number) => reserve(randomUUID(), reservedTokens);
  /** A call that costs what it has reserved. */
  const spend = async (tokens: number) => {
    const id = randomUUID();
    if ((await reserve(id, tokens)) !== 'begun') throw new Error('the budget does not admit the call');
    await within((tx) =>
      usage.finish(tx, tenant.id, {
        ...{ id, outcome: 'ok', maxTokens: tokens },
        cost: { kind: 'told', inputTokens: tokens, outputTokens: 0 },
      }),
    );
  };
  const isSpent = () => within((tx) => usage.isSpent(tx, tenant.id, 100));
  /** The percentages of the budget that the audit log has an entry for, without the one of a refusal. */
  const warnings = async () => {
    const rows = await test.db.rawAsOwner(
      `select details->>'percent' as percent from audit_log where tenant_id = $1 and action = 'llm.budget_reached'`,
      [tenant.id],
    );
    return rows.map(({ percent }) => Number(percent));
  };
  return { begin, spend, isSpent, warnings };
}
