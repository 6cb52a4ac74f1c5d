import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { operations } from '../../../src/domain/operations.ts';
import { createBreaker } from '../../../src/providers/breaker/breaker.ts';
import type { CallRequest } from '../../../src/providers/call.ts';
import { createGuard } from '../../../src/providers/guard.ts';
import { createLimits } from '../../../src/providers/limits/limits.ts';
import { factsOfServicesAndVault } from '../../support/fixtures.ts';
import { targetOf } from '../../support/targets.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// The guard with a budget and a breaker that both have something to say. The provider is the test's own.
const it = factsOfServicesAndVault().extend('guarded', ({ test, tenant }) => openGuard(test, tenant));
const callTokens = 10;
const backgroundTimeoutMs = () => 30_000;

describe('a half-open breaker', () => {
  it('keeps its probe when the budget is used up', async ({ guarded }) => {
    await guarded.halfOpenBreaker();
    await guarded.setBudget(callTokens - 1);
    expect(await guarded.call()).toMatchObject({ kind: 'failed', code: 'budget_exhausted' });
    await guarded.setBudget(null);
    expect(await guarded.call()).toMatchObject({ kind: 'ok' });
    expect(await guarded.breakerState()).toBe('closed');
  });

  it('keeps its probe when the budget is reserved by another call, which says when to come again', async ({
    guarded,
  }) => {
    await guarded.halfOpenBreaker();
    await guarded.setBudget(callTokens);
    const release = await guarded.reserve(callTokens);
    const refused = await guarded.call();
    expect(refused).toMatchObject({ kind: 'failed', code: 'budget_exhausted' });
    expect(refused.kind === 'failed' ? refused.retryAfterMs : 0).toBeGreaterThanOrEqual(1_000);
    await release();
    expect(await guarded.call()).toMatchObject({ kind: 'ok' });
    expect(await guarded.breakerState()).toBe('closed');
  });

  it.for([2_000, operations.embedding.background.maxMs])(
    'lends its probe for longer than a call of %i ms, and for no longer than a worker is waited for',
    async (timeoutMs, { guarded }) => {
      await guarded.halfOpenBreaker();
      let leaseMs = 0;
      await guarded.call({
        timeoutMs,
        async send() {
          leaseMs = await guarded.probeLeaseMs();
          return { kind: 'ok', result: 'a result', cost: told(1, 0) };
        },
      });
      // Vault and two transactions come besides.
      expect(leaseMs).toBeGreaterThan(timeoutMs + 3_000);
      expect(leaseMs).toBeLessThanOrEqual(operations.embedding.startToCloseMs);
    },
  );
});

describe('a call that is not made', () => {
  it('reserves nothing when the breaker is open, and leaves no record', async ({ guarded }) => {
    await guarded.openBreaker();
    await guarded.setBudget(callTokens);
    expect(await guarded.call()).toMatchObject({ kind: 'failed', code: 'circuit_open' });
    expect(await guarded.month()).toEqual({ settled: 0, reserved: 0 });
    expect(await guarded.records()).toEqual([]);
  });

  it('reserves nothing without Vault, and leaves no record', async ({ vault, guarded }) => {
    await guarded.setBudget(callTokens);
    await vault.cut();
    try {
      expect(await guarded.call()).toEqual({ kind: 'failed', code: 'vault_unavailable' });
    } finally {
      await vault.restore();
    }
    expect(await guarded.month()).toEqual({ settled: 0, reserved: 0 });
    expect(await guarded.records()).toEqual([]);
    expect(await guarded.call()).toMatchObject({ kind: 'ok' });
  });
});

describe('an answered call', () => {
  it.for(['search', 'gate', 'verify', 'workflow'] as const)(
    'for %s is in the ledger with its end',
    async (source, { guarded }) => {
      expect(await guarded.call({ source })).toMatchObject({ kind: 'ok' });
      expect(await guarded.records()).toEqual([{ outcome: 'ok' }]);
      expect(await guarded.ledger()).toHaveLength(1);
    },
  );

  it('is made, recorded and entered with the model that the caller names', async ({ guarded }) => {
    let sent = '';
    await guarded.call({
      target: targetOf('the-serving-model'),
      async send({ target }) {
        sent = target.model;
        return { kind: 'ok', result: 'a result', cost: told(1, 0) };
      },
    });
    expect(sent).toBe('the-serving-model');
    expect(await guarded.models()).toEqual([{ model: 'the-serving-model', entered: 'the-serving-model' }]);
  });

  it('costs its question and its answer', async ({ guarded }) => {
    await guarded.call({
      maxOutputTokens: 5,
      send: async () => ({ kind: 'ok', result: 'a result', cost: told(3, 4) }),
    });
    expect(await guarded.month()).toEqual({ settled: 7, reserved: 0 });
    expect(await guarded.ledger()).toEqual([{ input: 3, output: 4 }]);
  });
});

const told = (inputTokens: number, outputTokens: number) => ({
  kind: 'told' as const,
  inputTokens,
  outputTokens,
});

/** The guard for calls of one tenant, and what they leave in the tables. */
function openGuard(test: TestServices, tenant: TestTenant) {
  const { database, usage, providerKeys: keys } = test.services;
  const breaker = createBreaker({ failures: 1, windowMs: 60_000, openMs: 30_000, maxOpenMs: 30_000 });
  const guard = createGuard({ database, keys, breaker, limits: createLimits(), usage, backgroundTimeoutMs });
  const breakerId = { tenantId: tenant.id, provider: 'embedding', keyVersion: 1 } as const;

  const call = (wanted: Partial<CallRequest<string, string>> = {}) =>
    guard.call<string, string>({
      tenantId: tenant.id,
      operation: 'embedding',
      source: 'search',
      inputs: 1,
      maxTokens: callTokens,
      timeoutMs: 2_000,
      send: async () => ({ kind: 'ok', result: 'a result', cost: told(1, 0) }),
      persist: async (_tx, result) => result,
      ...wanted,
    });

  const setBudget = async (tokens: number | null) => {
    await test.services.llmConfig.update(tenant.actor, { monthly_token_budget: tokens });
  };
  /** Reserves tokens as a call under way does; returns the end of that call, which was not made. */
  const reserve = async (maxTokens: number) => {
    const id = randomUUID();
    const begun = await database.withTenant(tenant.id, (tx) =>
      usage.begin(tx, tenant.id, {
        ...{ id, provider: 'embedding', operation: 'embedding', source: 'workflow', model: 'm' },
        ...{ keyVersion: 1, inputs: 1, maxTokens, maxOutputTokens: 0, likelyTokens: () => maxTokens },
      }),
    );
    if (begun !== 'begun') throw new Error(begun);
    return () => database.withTenant(tenant.id, (tx) => usage.cancel(tx, tenant.id, id));
  };

  const openBreaker = () =>
    database.withTenant(tenant.id, async (tx) => {
      const permit = await breaker.acquire(tx, breakerId, 'background', 1_000);
      if (permit.kind !== 'permit') throw new Error('open already');
      await breaker.report(tx, breakerId, permit, {
        ...{ kind: 'failed', code: 'provider_unavailable', within: 'background' },
      });
    });
  const halfOpenBreaker = async () => {
    await openBreaker();
    await test.db.rawAsOwner(
      `update breakers set open_until = clock_timestamp() - interval '1 second' where tenant_id = $1`,
      [tenant.id],
    );
  };
  const breakerState = async () =>
    (await database.withTenant(tenant.id, (tx) => breaker.state(tx, breakerId))).state;
  const probeLeaseMs = async () => {
    const [row] = await test.db.rawAsOwner(
      'select extract(epoch from probe_until - clock_timestamp()) * 1000 as ms from breakers where tenant_id = $1',
      [tenant.id],
    );
    return Number(row?.ms);
  };

  const month = async () => {
    const [row] = await test.db.rawAsOwner(
      'select settled_tokens::int as settled, reserved_tokens::int as reserved from monthly_usage where tenant_id = $1',
      [tenant.id],
    );
    return row ?? { settled: 0, reserved: 0 };
  };
  const records = () =>
    test.db.rawAsOwner('select outcome from provider_calls where tenant_id = $1', [tenant.id]);
  const ledger = () =>
    test.db.rawAsOwner(
      'select input_tokens::int as input, output_tokens::int as output from usage_ledger where tenant_id = $1',
      [tenant.id],
    );
  const models = () =>
    test.db.rawAsOwner(
      `select c.model, l.model as entered from provider_calls c
         left join usage_ledger l on l.call_id = c.id where c.tenant_id = $1`,
      [tenant.id],
    );

  return {
    ...{ call, setBudget, reserve, openBreaker, halfOpenBreaker, breakerState, probeLeaseMs },
    ...{ month, records, ledger, models },
  };
}
