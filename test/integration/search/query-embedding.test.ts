import { setTimeout as passed } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { describe, expect, onTestFinished, vi } from 'vitest';
import { chunkerVersion } from '../../../src/domain/chunks.ts';
import { createDatabase, type Database } from '../../../src/platform/postgres/database.ts';
import { createBreaker } from '../../../src/providers/breaker/breaker.ts';
import type { CallResult } from '../../../src/providers/call.ts';
import type { EmbeddingCall } from '../../../src/providers/embedding/guarded-embedding.ts';
import { createGuard } from '../../../src/providers/guard.ts';
import { createLimits } from '../../../src/providers/limits/limits.ts';
import { createProviderMetrics } from '../../../src/providers/metrics.ts';
import {
  createQueryEmbeddings,
  type QueryEmbeddingsDeps,
  type QueryVector,
} from '../../../src/search/query-embedding.ts';
import { ensureSpace, serve as serveSpace } from '../../../src/vectors/spaces.ts';
import { type CountedLink, openCountedLink } from '../../bench/round-trips.ts';
import { factsOfServicesAndVault } from '../../support/fixtures.ts';
import { guardedEmbeddingOf } from '../../support/guarded-embedding.ts';
import { heldAnswer } from '../../support/held-answer.ts';
import { twinDimensions, twinKey } from '../../support/provider-twin.ts';
import { targetOf } from '../../support/targets.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// Over a real Postgres, on whose line round trips are counted, and a real OpenBao that can be cut off.
const it = factsOfServicesAndVault()
  .extend('link', { scope: 'file' }, async ({ test }, { onCleanup }) => {
    const link = await openCountedLink(test.db.applicationUrl);
    onCleanup(async () => {
      await link.close();
    });
    return link;
  })
  .extend('database', { scope: 'file' }, async ({ link }, { onCleanup }) => {
    const database = createDatabase({ url: link.url, poolSize: 5, applicationName: 'lorekeep-test' });
    onCleanup(async () => {
      await database.close();
    });
    return database;
  })
  .extend('tenant', ({ test, key }) => createSearchable(test, key))
  .extend('queries', ({ test, link, database, tenant }) => openQueries({ test, link, database, tenant }))
  .extend('remembered', ({ queries }) => queries.ask());

describe('equal queries', () => {
  it('at once are one call and one row of the ledger', async ({ twin, key, queries }) => {
    twin.script(key, [{ kind: 'ok', delayMs: 200 }]);
    const answers = await Promise.all(Array.from({ length: 50 }, () => queries.ask()));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ kind: 'vector', model: 'm' });
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await queries.ledgerOf()).toEqual([{ source: 'search' }]);
  });

  it('of different tenants are a call each, on each one’s own key and in each one’s own ledger', async ({
    twin,
    test,
    queries,
  }) => {
    const tenants: { readonly key: string; readonly of: TestTenant }[] = [];
    for (let i = 0; i < 50; i += 1) {
      const own = twinKey();
      tenants.push({ key: own, of: await createSearchable(test, own) });
    }
    const answers = await Promise.all(tenants.map(({ of }) => queries.ask('the same words', of)));
    const spaces = answers.map((answer) => (answer.kind === 'vector' ? answer.spaceId : answer.kind));
    expect(new Set(spaces).size).toBe(50);
    for (const each of tenants) {
      expect(twin.callsOf(each.key)).toHaveLength(1);
      expect(await queries.ledgerOf(each.of)).toEqual([{ source: 'search' }]);
    }
  }, 60_000);

  it('of a moment later are answered from memory, and after a minute are bought again', async ({
    twin,
    key,
    queries,
  }) => {
    const first = await queries.ask();
    expect(await queries.ask()).toEqual(first);
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await queries.ledgerOf()).toHaveLength(1);
    const later = performance.now() + 60_001;
    onTestFinished(() => void vi.restoreAllMocks());
    vi.spyOn(performance, 'now').mockImplementation(() => later);
    expect(await queries.ask()).toEqual(first);
    expect(twin.callsOf(key)).toHaveLength(2);
    expect(await queries.ledgerOf()).toHaveLength(2);
  });

  it('that fail together fail as one, and the next asks again, once the provider may be asked', async ({
    twin,
    test,
    tenant,
    key,
    queries,
  }) => {
    twin.script(key, [{ kind: 'status', status: 429, headers: { 'retry-after': '7' } }]);
    const answers = await Promise.all([queries.ask(), queries.ask(), queries.ask()]);
    const limited = { kind: 'failed', code: 'provider_rate_limited', retryAfterMs: 7_000 };
    expect(answers).toEqual([limited, limited, limited]);
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await queries.ask()).toMatchObject({ code: 'provider_rate_limited' });
    expect(twin.callsOf(key)).toHaveLength(1);
    await test.db.rawAsOwner('update provider_limits set paused_until = now() where tenant_id = $1', [
      tenant.id,
    ]);
    expect(await queries.ask()).toMatchObject({ kind: 'vector' });
    expect(await queries.ledgerOf()).toHaveLength(1);
  });

  it('in other words are other queries', async ({ twin, key, queries }) => {
    await queries.ask('a question');
    await queries.ask('A question');
    expect(twin.callsOf(key).map(({ inputs }) => inputs)).toEqual([['a question'], ['A question']]);
  });
});

describe('a remembered vector', () => {
  it.beforeEach(({ remembered }) => expect(remembered.kind).toBe('vector'));

  it('needs no budget, no breaker, no custody and no provider', async ({
    twin,
    vault,
    key,
    remembered,
    queries,
  }) => {
    await queries.setBudget(0);
    await queries.openBreaker();
    twin.script(key, [], { kind: 'cut', after: 'nothing' });
    await vault.cut();
    try {
      expect(await queries.ask()).toEqual(remembered);
      expect(await queries.ask('other words')).toMatchObject({ kind: 'failed', code: 'circuit_open' });
    } finally {
      await vault.restore();
    }
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await queries.recordsOf()).toHaveLength(1);
  });

  it('costs two round trips to Postgres', async ({ queries }) => {
    expect(await queries.roundTripsOf(() => queries.ask())).toBeLessThanOrEqual(2);
  });

  it('does not count for the key that came after the one that bought it', async ({
    twin,
    tenant,
    remembered,
    queries,
  }) => {
    const next = twinKey();
    await tenant.setEmbeddingKey(next);
    expect(await queries.ask()).toEqual(remembered);
    expect(twin.callsOf(next)).toHaveLength(1);
  });

  it('does not count without a key, nor for one that the provider has rejected', async ({
    twin,
    test,
    tenant,
    key,
    queries,
  }) => {
    await test.db.rawAsOwner(`update provider_keys set status = 'rejected' where tenant_id = $1`, [
      tenant.id,
    ]);
    expect(await queries.ask()).toEqual({ kind: 'failed', code: 'credential_rejected' });
    await tenant.setEmbeddingKey(null);
    expect(await queries.ask()).toEqual({ kind: 'failed', code: 'no_api_key' });
    expect(twin.callsOf(key)).toHaveLength(1);
  });

  it('does not count in the space that serves after it', async ({ twin, test, tenant, key, queries }) => {
    const spaceId = await serve(test, tenant, 'another-model');
    expect(await queries.ask()).toMatchObject({ kind: 'vector', spaceId, model: 'another-model' });
    expect(twin.callsOf(key).map(({ model }) => model)).toEqual(['m', 'another-model']);
  });
});

describe('a call that would be refused', () => {
  it('by an open breaker costs two round trips and no record, says until when, and is counted', async ({
    twin,
    key,
    queries,
  }) => {
    await queries.openBreaker();
    await queries.ask('to have the connections');
    const before = await queries.refusals('circuit_open');
    let answer: QueryVector | undefined;
    const trips = await queries.roundTripsOf(async () => {
      answer = await queries.ask();
    });
    expect(answer).toMatchObject({ kind: 'failed', code: 'circuit_open' });
    const retryAfterMs = answer?.kind === 'failed' ? answer.retryAfterMs : undefined;
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(30_000);
    expect(trips).toBeLessThanOrEqual(2);
    expect(twin.callsOf(key)).toEqual([]);
    expect(await queries.recordsOf()).toEqual([]);
    expect(await queries.refusals('circuit_open')).toBe(before + 1);
  });

  it('is made as the probe once the breaker’s time is over, and not while another has the probe', async ({
    twin,
    test,
    tenant,
    key,
    queries,
  }) => {
    await queries.openBreaker();
    const halfOpen = (probeUntil: string) =>
      test.db.rawAsOwner(
        `update breakers set open_until = clock_timestamp() - interval '1 second', probe_until = ${probeUntil}
          where tenant_id = $1`,
        [tenant.id],
      );
    await halfOpen(`clock_timestamp() + interval '20 seconds'`);
    await queries.ask('to have the connections');
    expect(
      await queries.roundTripsOf(async () => {
        expect(await queries.ask()).toMatchObject({ kind: 'failed', code: 'circuit_open' });
      }),
    ).toBeLessThanOrEqual(2);
    expect(twin.callsOf(key)).toEqual([]);
    await halfOpen('null');
    expect(await queries.ask()).toMatchObject({ kind: 'vector' });
  });

  it('is made with a new key, whatever the breaker thinks of the old one', async ({
    twin,
    tenant,
    queries,
  }) => {
    await queries.openBreaker();
    const next = twinKey();
    await tenant.setEmbeddingKey(next);
    expect(await queries.ask()).toMatchObject({ kind: 'vector' });
    expect(twin.callsOf(next)).toHaveLength(1);
  });

  it('because there is no key is counted, and calls no provider', async ({ test, queries }) => {
    const before = await queries.refusals('no_api_key');
    const keyless = await createSearchable(test);
    const trips = await queries.roundTripsOf(() => queries.ask('a question', keyless));
    expect(trips).toBeLessThanOrEqual(2);
    expect(await queries.refusals('no_api_key')).toBe(before + 1);
    expect(await queries.recordsOf(keyless)).toEqual([]);
  });

  it('because there are no vectors to search in is not made, and is no failure', async ({
    test,
    queries,
  }) => {
    expect(await queries.ask('a question', await test.createTenant(twinKey()))).toEqual({
      kind: 'no_vectors',
    });
  });

  it('is why there are no vectors yet: without a key, with a rejected one, by an open breaker', async ({
    twin,
    test,
    key,
    queries,
  }) => {
    const newcomer = await test.createTenant();
    expect(await queries.ask('a question', newcomer)).toEqual({ kind: 'failed', code: 'no_api_key' });
    await newcomer.setEmbeddingKey(key);
    await queries.openBreaker(newcomer);
    expect(await queries.ask('a question', newcomer)).toMatchObject({
      kind: 'failed',
      code: 'circuit_open',
      retryAfterMs: expect.any(Number),
    });
    await test.db.rawAsOwner(`update provider_keys set status = 'rejected' where tenant_id = $1`, [
      newcomer.id,
    ]);
    expect(await queries.ask('a question', newcomer)).toEqual({
      kind: 'failed',
      code: 'credential_rejected',
    });
    expect(twin.callsOf(key)).toEqual([]);
  });

  it('by what other calls hold back of the budget says when to come again', async ({
    twin,
    key,
    queries,
  }) => {
    await queries.setBudget(30);
    const held = heldAnswer();
    twin.script(key, [held.step]);
    const first = queries.ask('the first question');
    while (twin.callsOf(key).length === 0) await passed(10);
    expect(await queries.ask('the second question')).toEqual({
      kind: 'failed',
      code: 'budget_exhausted',
      retryAfterMs: 15_000,
    });
    held.release();
    expect(await first).toMatchObject({ kind: 'vector' });
  });
});

it('takes no vector of another dimension than its space has', async ({ twin, key, queries }) => {
  twin.script(key, [{ kind: 'ok', dimensions: 8 }]);
  expect(await queries.ask()).toMatchObject({ kind: 'failed', code: 'malformed_response' });
});

describe('the deadline of a query', () => {
  it('ends one wait, and the call goes on for the next query', async ({ database, queries }) => {
    let calls = 0;
    let end: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => {
      end = resolve;
    });
    const ask = queries.askWith({
      deadlineMs: 100,
      embedding: {
        async embed<K>(wanted: EmbeddingCall<K>): Promise<CallResult<K>> {
          calls += 1;
          await slow;
          const persisted = await database.withTenant(wanted.tenantId, (tx) =>
            wanted.persist(tx, [[1, 0]], used),
          );
          return { kind: 'ok', persisted, key: used, inputTokens: 1 };
        },
      },
    });
    const used = { provider: 'embedding', model: 'm', keyVersion: 1, targetId: 't' } as const;
    expect(await ask()).toEqual({ kind: 'failed', code: 'provider_timeout' });
    const next = ask();
    end();
    expect(await next).toMatchObject({ kind: 'vector', vector: [1, 0] });
    expect(calls).toBe(1);
  });

  it('does not keep the call itself from being finished, entered and cached', async ({
    twin,
    key,
    queries,
  }) => {
    const ask = queries.askWith({ deadlineMs: 150 });
    const held = heldAnswer();
    twin.script(key, [held.step]);
    expect(await ask()).toEqual({ kind: 'failed', code: 'provider_timeout' });
    held.release();
    while ((await queries.ledgerOf()).length === 0) await passed(20);
    expect(await queries.recordsOf()).toEqual([{ outcome: 'ok' }]);
    expect(await ask()).toMatchObject({ kind: 'vector' });
    expect(twin.callsOf(key)).toHaveLength(1);
  });
});

it('answers internal when Postgres cannot be asked', async ({ queries }) => {
  const gone = createDatabase({
    url: 'postgres://nobody@127.0.0.1:1/none',
    poolSize: 1,
    applicationName: 'lorekeep-test',
  });
  const ask = queries.askWith({ database: gone });
  expect(await ask()).toEqual({ kind: 'failed', code: 'internal' });
  await gone.close();
});

/** A tenant with a space to search in. */
async function createSearchable(test: TestServices, embeddingKey?: string): Promise<TestTenant> {
  const made = await test.createTenant(embeddingKey);
  await serve(test, made, 'm');
  return made;
}

/** Lets a space of this model serve the tenant's searches. Returns its id. */
async function serve({ services }: TestServices, of: TestTenant, model: string): Promise<string> {
  return services.database.withTenant(of.id, async (tx) => {
    const { id } = await ensureSpace(tx, of.id, { target: targetOf(model), chunkerVersion }, twinDimensions);
    await serveSpace(tx, of.id, id);
    return id;
  });
}

interface Given {
  readonly test: TestServices;
  readonly link: CountedLink;
  readonly database: Database;
  readonly tenant: TestTenant;
}

/** Queries of one tenant or another that is named, what they cost, and what stands in their way. */
function openQueries({ test, link, database, tenant }: Given) {
  const { providerKeys: keys, usage } = test.services;
  const failures = 3;
  const breaker = createBreaker({ failures, windowMs: 60_000, openMs: 30_000, maxOpenMs: 30_000 });
  const registry = new Registry();
  const guard = createGuard({
    database,
    keys,
    breaker,
    limits: createLimits(),
    usage,
    backgroundTimeoutMs: () => 30_000,
  });
  const deps: QueryEmbeddingsDeps = {
    database,
    guard,
    embedding: guardedEmbeddingOf(test, guard, database),
    metrics: createProviderMetrics(registry),
    // Far above what fifty queries at once take on a busy machine: the facts about a deadline have one of their own.
    timeoutMs: 20_000,
    deadlineMs: 25_000,
  };

  const askWith = (changed: Partial<QueryEmbeddingsDeps>) => {
    const queries = createQueryEmbeddings({ ...deps, ...changed });
    return (text = 'a question', of = tenant) => queries.embedQuery(of.id, text);
  };
  const ask = askWith({});
  const ledgerOf = (of = tenant) =>
    test.db.rawAsOwner('select source from usage_ledger where tenant_id = $1', [of.id]);
  const recordsOf = (of = tenant) =>
    test.db.rawAsOwner('select outcome from provider_calls where tenant_id = $1', [of.id]);
  const setBudget = (tokens: number | null) =>
    test.services.llmConfig.update(tenant.actor, { monthly_token_budget: tokens });

  async function openBreaker(of = tenant): Promise<void> {
    const id = { tenantId: of.id, provider: 'embedding', keyVersion: 1 } as const;
    for (let i = 0; i < failures; i += 1) {
      await test.services.database.withTenant(of.id, async (tx) => {
        const permit = await breaker.acquire(tx, id, 'background', 1_000);
        if (permit.kind !== 'permit') throw new Error('it is open already');
        const verdict = { kind: 'failed', code: 'provider_unavailable', within: 'background' } as const;
        await breaker.report(tx, id, permit, verdict);
      });
    }
  }

  /** How many round trips to Postgres some work costs, on connections that are open already. */
  async function roundTripsOf(work: () => Promise<unknown>): Promise<number> {
    const before = link.roundTrips();
    await work();
    return link.roundTrips() - before;
  }

  async function refusals(code: string): Promise<number> {
    const metric = await registry.getSingleMetric('lorekeep_provider_calls_refused_total')?.get();
    return (metric?.values ?? [])
      .filter(({ labels }) => 'code' in labels && labels.code === code)
      .reduce((sum, { value }) => sum + value, 0);
  }

  return { ask, askWith, ledgerOf, recordsOf, setBudget, openBreaker, roundTripsOf, refusals };
}
