import { describe, expect, vi } from 'vitest';
import type { EmbeddingCall } from '../../../src/providers/embedding/guarded-embedding.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { type TwinStep, twinKey } from '../../support/provider-twin.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// Real guard, custody and database; the twin tells the limits and refuses.
const it = factsOfServices().extend('calls', ({ test, tenant }) => callsOf(test, tenant));
const limited = (headers: Readonly<Record<string, string>> = {}): TwinStep => ({
  ...{ kind: 'status', status: 429, headers },
});
const refusedNow = { kind: 'failed', code: 'provider_rate_limited', called: false } as const;

describe('a refusal', () => {
  it.for([
    ['without a time', {}, 2_000],
    ['with one', { 'retry-after': '120' }, 120_000],
  ] as const)(
    '%s makes one pause, on which all calls wait that come after it',
    async ([, headers, pauseMs], { twin, key, calls }) => {
      twin.script(key, [limited(headers)], limited(headers));
      const first = await calls.embed();
      expect(first).toMatchObject({ kind: 'failed', code: 'provider_rate_limited' });
      const others = await Promise.all(Array.from({ length: 12 }, () => calls.embed()));
      for (const other of [first, ...others]) {
        const waitMs = other.kind === 'failed' ? (other.retryAfterMs ?? 0) : 0;
        expect(waitMs).toBeGreaterThan(0);
        expect(waitMs).toBeLessThanOrEqual(pauseMs);
      }
      expect(others).toEqual(others.map(() => expect.objectContaining(refusedNow)));
      expect(twin.callsOf(key)).toHaveLength(1);
      expect(await calls.records()).toBe(1);
    },
  );

  it('of calls that were under way together makes one pause', async ({ test, tenant, calls }) => {
    let underWay = 0;
    const refuse = async () => {
      underWay += 1;
      await vi.waitFor(() => expect(underWay).toBe(6), { timeout: 4_000, interval: 10 });
      return { kind: 'failed', code: 'provider_rate_limited', cost: { kind: 'free' } } as const;
    };
    const call = () =>
      test.services.guard.call<string, string>({
        ...{ tenantId: tenant.id, operation: 'embedding', source: 'search', inputs: 1, maxTokens: 10 },
        ...{ timeoutMs: 5_000, send: refuse, persist: async (_tx, result) => result },
      });
    await Promise.all(Array.from({ length: 6 }, call));
    expect(await calls.row()).toMatchObject({ pauses: 1, paused_by: 'provider' });
  });

  it('lets one call try after the pause, and doubles it when that is refused', async ({
    twin,
    key,
    calls,
  }) => {
    twin.script(key, [limited(), limited()]);
    await calls.embed();
    await calls.endPause();
    const answers = await Promise.all(Array.from({ length: 12 }, () => calls.embed()));
    expect(answers.every(({ kind }) => kind === 'failed')).toBe(true);
    expect(twin.callsOf(key)).toHaveLength(2);
    expect(await calls.row()).toMatchObject({ pauses: 2 });
    await calls.endPause();
    expect(await calls.embed()).toMatchObject({ kind: 'ok' });
    expect(await calls.row()).toMatchObject({ pauses: 0, paused_until: null });
    expect(await calls.embed()).toMatchObject({ kind: 'ok' });
  });

  it('by a used up quota blocks the key for an hour, until a test of it passes', async ({
    twin,
    key,
    calls,
  }) => {
    twin.script(key, [{ kind: 'status', status: 402 }]);
    await calls.embed();
    const refused = await calls.embed();
    expect(refused).toMatchObject({ kind: 'failed', code: 'quota_exhausted', called: false });
    const renewsAt = refused.kind === 'failed' ? (refused.renewsAt?.getTime() ?? 0) : 0;
    expect(renewsAt - Date.now()).toBeGreaterThan(3_500_000);
    expect(twin.callsOf(key)).toHaveLength(1);
    expect(await calls.embed({ evenIfRejected: true })).toMatchObject({ kind: 'ok' });
    expect(await calls.embed()).toMatchObject({ kind: 'ok' });
  });

  it('concerns neither another tenant nor another key of the tenant', async ({
    twin,
    test,
    key,
    tenant,
    calls,
  }) => {
    twin.script(key, [limited({ 'retry-after': '120' })]);
    await calls.embed();
    const other = callsOf(test, await test.createTenant(twinKey()));
    expect(await other.embed()).toMatchObject({ kind: 'ok' });
    await tenant.setEmbeddingKey(twinKey());
    expect(await calls.embed()).toMatchObject({ kind: 'ok' });
  });

  it('is known before a call is prepared', async ({ twin, test, key, tenant, calls }) => {
    twin.script(key, [limited({ 'retry-after': '120' })]);
    await calls.embed();
    const { database, guard } = test.services;
    const admission = await database.withTenant(tenant.id, (tx) =>
      guard.admission(tx, tenant.id, 'embedding', 'interactive'),
    );
    expect(admission).toMatchObject({ kind: 'limited', limit: { by: 'provider' } });

    const claim = { take: vi.fn(async () => true), release: vi.fn(async () => undefined) };
    expect(await calls.embed({ claim })).toMatchObject(refusedNow);
    expect(claim.take).not.toHaveBeenCalled();
  });
});

describe('what is left of a limit', () => {
  it.for([
    ['requests', { 'x-ratelimit-remaining-requests': '0', 'x-ratelimit-reset-requests': '90s' }, 90_000],
    ['tokens', { 'x-ratelimit-remaining-tokens': '0' }, 60_000],
    ['requests', { RateLimit: '"default";r=0;t=20' }, 20_000],
  ] as const)(
    'of %s is read from a good answer, and nothing is called until the reset',
    async ([by, headers, resetMs], { twin, key, calls }) => {
      twin.script(key, [{ kind: 'ok', headers: () => headers }]);
      expect(await calls.embed()).toMatchObject({ kind: 'ok' });
      const refused = await calls.embed();
      expect(refused).toMatchObject(refusedNow);
      const waitMs = refused.kind === 'failed' ? (refused.retryAfterMs ?? 0) : 0;
      expect(waitMs).toBeGreaterThan(resetMs - 10_000);
      expect(waitMs).toBeLessThanOrEqual(resetMs);
      expect(twin.callsOf(key)).toHaveLength(1);
      expect(await calls.records()).toBe(1);
      expect(await calls.row()).toMatchObject({ [`${by}_left`]: '0', pauses: 0 });
    },
  );

  it('is never exceeded by fifty callers', { timeout: 60_000 }, async ({ twin, key, calls }) => {
    const counted = windows({ limit: 16, windowMs: 2_000 });
    twin.script(key, [], { kind: 'ok', delayMs: 5, headers: counted.headers });
    await calls.embed();
    const until = async (): Promise<void> => {
      const answer = await calls.embed();
      if (answer.kind === 'ok') return;
      expect(answer).toMatchObject(refusedNow);
      const waitMs = answer.kind === 'failed' ? (answer.retryAfterMs ?? 0) : 0;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      await until();
    };
    await Promise.all(Array.from({ length: 50 }, until));
    expect(counted.exceeded()).toBe(0);
    expect(twin.callsOf(key)).toHaveLength(51);
  });
});

/** A provider's fixed windows: what is left of the one in which a request arrives. */
function windows({ limit, windowMs }: { readonly limit: number; readonly windowMs: number }) {
  const counts = new Map<number, number>();
  let exceeded = 0;
  return {
    exceeded: () => exceeded,
    headers: () => {
      const nowMs = Date.now();
      const window = Math.floor(nowMs / windowMs);
      const count = (counts.get(window) ?? 0) + 1;
      counts.set(window, count);
      if (count > limit) exceeded += 1;
      return {
        'x-ratelimit-limit-requests': String(limit),
        'x-ratelimit-remaining-requests': String(Math.max(limit - count, 0)),
        'x-ratelimit-reset-requests': `${(window + 1) * windowMs - nowMs}ms`,
      };
    },
  };
}

/** Calls of one tenant, and what they leave in the tables. */
function callsOf({ services, db }: TestServices, tenant: TestTenant) {
  const { embedding } = services;
  return {
    embed: (wanted: Partial<EmbeddingCall<number>> = {}) =>
      embedding.embed({
        ...{ tenantId: tenant.id, source: 'search', inputs: ['some words'], side: 'query', timeoutMs: 5_000 },
        persist: async (_tx, vectors) => vectors.length,
        ...wanted,
      }),
    row: async () => {
      const rows = await db.rawAsOwner('select * from provider_limits where tenant_id = $1', [tenant.id]);
      return rows[0];
    },
    records: async () => {
      const rows = await db.rawAsOwner('select id from provider_calls where tenant_id = $1', [tenant.id]);
      return rows.length;
    },
    /** Lets the time of the pause pass. */
    endPause: () =>
      db.rawAsOwner('update provider_limits set paused_until = now() where tenant_id = $1', [tenant.id]),
  };
}
