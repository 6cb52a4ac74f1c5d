import fc from 'fast-check';
import { describe, expect } from 'vitest';
import type { CallSource } from '../../../src/domain/operations.ts';
import { type BreakerId, createBreaker } from '../../../src/providers/breaker/breaker.ts';
import { createGuard, type Guard } from '../../../src/providers/guard.ts';
import { createLimits } from '../../../src/providers/limits/limits.ts';
import type { Usage } from '../../../src/usage/service.ts';
import { factsOfServicesAndVault } from '../../support/fixtures.ts';
import { twinKey } from '../../support/provider-twin.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// A guard that remembers the key which has just admitted a call. The provider is the test's own.
const it = factsOfServicesAndVault().extend('guarded', async ({ test, tenant }) => openGuard(test, tenant));
const callTokens = 10;
const refusedFor = (code: string) => ({ result: code, again: code });
const ownModel = 'multilingual-e5-small';
const ok = (version: number, model = ownModel) => `ok ${version} ${model}`;

/** What the two calls after a change come to. */
const expectedAfter = {
  nothing: { result: ok(1), again: ok(1) },
  'a new key': { result: ok(2), again: ok(2) },
  'the removal of the key': refusedFor('no_api_key'),
  'a refusal of the key': refusedFor('credential_rejected'),
  'another model': { result: ok(1, 'n'), again: ok(1, 'n') },
  'a month without tokens': refusedFor('budget_exhausted'),
  'a day of one token': refusedFor('budget_exhausted'),
  'failures of the provider': refusedFor('circuit_open'),
  'the end of its open time': { result: ok(1), again: ok(1) },
  'a pause': refusedFor('provider_rate_limited'),
  'a used up limit': refusedFor('provider_rate_limited'),
} as const;
type Change = keyof typeof expectedAfter;
/** How many of the two begin at once: after a change of model the first call reads it, and the second counts on it. */
const atOnceAfter: Readonly<Partial<Record<Change, number>>> = { nothing: 2, 'another model': 1 };
const changeNames = Object.keys(expectedAfter).filter((name): name is Change => name in expectedAfter);

describe('a call', () => {
  it('begins by one statement as soon as the key is known and verified', async ({ guarded }) => {
    for (let i = 0; i < 5; i += 1) await guarded.call();
    // The first call finds the key, and the second one that it is verified.
    expect(guarded.begunAtOnce()).toBe(3);
    expect(await guarded.records()).toEqual(Array(5).fill({ outcome: 'ok', model: ownModel }));
    expect(await guarded.ledger()).toEqual([{ calls: 5, tokens: 5 * callTokens }]);
    expect(await guarded.month()).toEqual({ settled: 5 * callTokens, reserved: 0 });
  });

  it.for(changeNames)('after %s is decided by what is there now', async (name, { guarded }) => {
    for (let i = 0; i < 3; i += 1) await guarded.call('search', true);
    const before = guarded.begunAtOnce();
    await guarded.change[name]();
    const sent = guarded.sent();
    const { result } = await guarded.call('search', true);
    const { result: again } = await guarded.call('search', true);
    expect(guarded.begunAtOnce() - before).toBe(atOnceAfter[name] ?? 0);
    expect({ result, again }).toEqual(expectedAfter[name]);
    const madeCalls = [result, again].filter((each) => each.startsWith('ok')).length;
    expect(guarded.sent()).toBe(sent + madeCalls);
    expect(await guarded.month()).toMatchObject({ reserved: 0 });
    expect(await guarded.day()).toMatchObject({ reserved: 0 });
  });

  it('that begins while a change waits for its commit is decided by what is committed', async ({
    test,
    tenant,
    guarded,
  }) => {
    for (let i = 0; i < 3; i += 1) await guarded.call();
    await test.services.database.withTenant(tenant.id, async (tx) => {
      await tx('provider_keys').where({ tenant_id: tenant.id }).update({ hint: 'abcd' });
      expect(await guarded.call()).toEqual({ result: ok(1) });
    });
    const before = guarded.begunAtOnce();
    await guarded.call();
    expect(guarded.begunAtOnce()).toBe(before);
  });
});

describe('sixty calls at once', () => {
  it.for([
    ['the month', 100, null],
    ['the day of their key', null, 100],
    ['the day, whose month is shorter', 70, 100],
  ] as const)('spend no token more than %s has', async ([, month, day], { guarded }) => {
    for (let i = 0; i < 3; i += 1) await guarded.call('search', true);
    const spent = 3 * callTokens;
    if (month !== null) await guarded.setMonth(spent + month);
    if (day !== null) await guarded.setDay(spent + day);
    const room = Math.min(month ?? Number.POSITIVE_INFINITY, day ?? Number.POSITIVE_INFINITY);
    // Once more, so that the budget's revision is remembered, too.
    await guarded.call('search', true);
    const answers = await Promise.all(Array.from({ length: 60 }, () => guarded.call('search', true)));
    const made = answers.filter(({ result }) => result.startsWith('ok')).length;
    expect(made).toBeLessThanOrEqual(room / callTokens - 1);
    expect(guarded.most.month - spent).toBeLessThanOrEqual(month ?? Number.POSITIVE_INFINITY);
    expect(guarded.most.day - spent).toBeLessThanOrEqual(day ?? Number.POSITIVE_INFINITY);
    const settled = spent + (made + 1) * callTokens;
    expect(await guarded.month()).toEqual({ settled, reserved: 0 });
    expect(await guarded.day()).toEqual({ settled, reserved: 0 });
    expect(await guarded.ledger()).toEqual([{ calls: settled / callTokens, tokens: settled }]);
  });
});

it('decides as one that remembers nothing, whatever changes between its calls', async ({ test }) => {
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ source: fc.constantFrom('search', 'workflow'), byKey: fc.boolean() }),
    },
    { weight: 2, arbitrary: fc.constantFrom(...changeNames) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
      const [one, other] = [await test.createTenant(twinKey()), await test.createTenant(twinKey())];
      const remembers = openGuard(test, one);
      const forgets = openGuard(test, other, { forgets: true });
      for (const guarded of [remembers, forgets])
        for (let i = 0; i < 3; i += 1) await guarded.call('search', true);
      for (const each of steps) {
        if (typeof each === 'string') {
          await Promise.all([remembers.change[each](), forgets.change[each]()]);
          continue;
        }
        const [a, b] = [
          await remembers.call(each.source, each.byKey),
          await forgets.call(each.source, each.byKey),
        ];
        expect(a).toEqual(b);
      }
      expect(await remembers.records()).toEqual(await forgets.records());
      expect(await remembers.month()).toEqual(await forgets.month());
      expect(await remembers.day()).toEqual(await forgets.day());
      expect(await remembers.ledger()).toEqual(await forgets.ledger());
      expect(forgets.begunAtOnce()).toBe(0);
    }),
    { numRuns: 12 },
  );
}, 120_000);

/** A guard for one tenant, changes of what it decides by, and what its calls leave in the tables. */
function openGuard(test: TestServices, tenant: TestTenant, { forgets = false } = {}) {
  const { database, usage, providerKeys: keys, llmConfig, tenants } = test.services;
  const breaker = createBreaker({ failures: 1, windowMs: 60_000, openMs: 30_000, maxOpenMs: 30_000 });
  const apiKeyId = tenant.actor.keyId ?? '';
  let begun = 0;
  let sent = 0;
  const most = { month: 0, day: 0 };
  const counted: Usage = {
    ...usage,
    async beginWhileCalm(...call) {
      const epochs = await usage.beginWhileCalm(...call);
      if (epochs !== undefined) begun += 1;
      return epochs;
    },
  };
  const newGuard = () =>
    createGuard({
      ...{ database, keys, breaker, limits: createLimits(), usage: counted },
      backgroundTimeoutMs: () => 30_000,
    });
  const lasting = newGuard();
  const guard = (): Guard => (forgets ? newGuard() : lasting);

  const sumsOf = async (table: 'monthly_usage' | 'daily_key_usage') => {
    const [row] = await test.db.rawAsOwner(
      `select settled_tokens::int as settled, reserved_tokens::int as reserved from ${table} where tenant_id = $1`,
      [tenant.id],
    );
    return row ?? { settled: 0, reserved: 0 };
  };
  const month = () => sumsOf('monthly_usage');
  const day = () => sumsOf('daily_key_usage');

  /** A call: `ok` with the version and the model that it was made with, or the code of its refusal. */
  const call = async (source: CallSource = 'search', byKey = false) => {
    let model = '';
    const answer = await guard().call<string, string>({
      ...{ tenantId: tenant.id, operation: 'embedding', source, inputs: 1, maxTokens: callTokens },
      apiKeyId: byKey ? apiKeyId : null,
      timeoutMs: 2_000,
      async send({ target }) {
        sent += 1;
        model = target.model;
        const [ofMonth, ofDay] = await Promise.all([month(), day()]);
        most.month = Math.max(most.month, Number(ofMonth.settled) + Number(ofMonth.reserved));
        most.day = Math.max(most.day, Number(ofDay.settled) + Number(ofDay.reserved));
        return { kind: 'ok', result: '', cost: { kind: 'told', inputTokens: callTokens, outputTokens: 0 } };
      },
      persist: async (_tx, result) => result,
    });
    if (answer.kind === 'ok') return { result: ok(answer.key.keyVersion, model) };
    return { result: answer.kind === 'failed' ? answer.code : answer.kind };
  };

  const within = database.withTenant.bind(database, tenant.id);
  const update = async (settings: Parameters<typeof llmConfig.update>[1]) => {
    const { kind } = await llmConfig.update(tenant.actor, settings);
    if (kind !== 'updated') throw new Error(kind);
  };
  const setDay = async (tokens: number | null) => {
    await tenants.updateApiKey(tenant.actor, apiKeyId, { dailyTokenBudget: tokens });
  };
  const fail = () =>
    within(async (tx) => {
      const key = await keys.find(tx, tenant.id, 'embedding');
      const id: BreakerId = { tenantId: tenant.id, provider: 'embedding', keyVersion: key?.version ?? 1 };
      const permit = await breaker.acquire(tx, id, 'background', 1_000);
      if (permit.kind !== 'permit') return;
      await breaker.report(tx, id, permit, {
        kind: 'failed',
        code: 'provider_unavailable',
        within: 'background',
      });
    });
  /** Writes a limit of the current key, as an answer of another process would. */
  const limit = (columns: string, values: string) =>
    test.db.rawAsOwner(
      `insert into provider_limits (tenant_id, provider, key_version, ${columns})
       select tenant_id, provider, version, ${values} from provider_keys where tenant_id = $1 and provider = 'embedding'
       on conflict (tenant_id, provider) do nothing`,
      [tenant.id],
    );

  const change: Readonly<Record<Change, () => Promise<unknown>>> = {
    nothing: async () => undefined,
    'a new key': () => tenant.setEmbeddingKey(twinKey()),
    'the removal of the key': () => tenant.setEmbeddingKey(null),
    'a refusal of the key': () =>
      within(async (tx) => {
        const key = await keys.find(tx, tenant.id, 'embedding');
        await keys.markRejected(tx, tenant.id, 'embedding', key?.version ?? 1, 'credential_rejected');
      }),
    'another model': () => update({ embedding_model: 'n' }),
    'a month without tokens': () => update({ monthly_token_budget: 0 }),
    'a day of one token': () => setDay(1),
    'failures of the provider': fail,
    async 'the end of its open time'() {
      await fail();
      await test.db.rawAsOwner(
        `update breakers set open_until = clock_timestamp() - interval '1 second'
          where tenant_id = $1 and open_until is not null`,
        [tenant.id],
      );
    },
    'a pause': () => limit('paused_until, paused_by, pauses', `now() + interval '1 hour', 'provider', 1`),
    'a used up limit': () =>
      limit(
        'requests_limit, requests_left, requests_since, requests_reset_at',
        `10, 0, now(), now() + interval '1 hour'`,
      ),
  };

  return {
    ...{ call, change, month, day, most, setDay },
    setMonth: (tokens: number) => update({ monthly_token_budget: tokens }),
    begunAtOnce: () => begun,
    sent: () => sent,
    records: () =>
      test.db.rawAsOwner(
        'select outcome, model from provider_calls where tenant_id = $1 order by started_at',
        [tenant.id],
      ),
    ledger: () =>
      test.db.rawAsOwner(
        `select count(*)::int as calls, coalesce(sum(input_tokens), 0)::int as tokens from usage_ledger where tenant_id = $1`,
        [tenant.id],
      ),
  };
}
