import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect } from 'vitest';
import { factsOfServices } from '../../support/fixtures.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// The real guard on a real Postgres and a real OpenBao; the provider is the twin.
const it = factsOfServices().extend('search', ({ test, tenant }) => searchOf(test, tenant));

describe('a provider that closes its connections without a word', () => {
  it('fails no call, whenever it does so', async ({ twin, key, search }) => {
    const steps = Array.from({ length: 60 }, (_, i) => ({ kind: 'ok', closesAfterMs: i % 41 }) as const);
    twin.script(key, steps);
    const kinds = new Set<string>();
    for (let i = 0; i < steps.length; i += 1) {
      kinds.add(await search.once());
      // As long as the connection lives, a little less or a little more.
      await delay(Math.max(0, (i % 41) - (i % 3)));
    }
    expect([...kinds]).toEqual(['ok']);
    expect(await search.breaker()).toMatchObject({ state: 'closed', failures: 0 });
    expect(await search.records()).toEqual(steps.map(() => ({ outcome: 'ok' })));
  });

  it('fails no call though each finds its connection closed, and each is one call record', async ({
    twin,
    key,
    search,
  }) => {
    twin.script(key, [], { kind: 'stale' });
    const calls = 20;
    for (let i = 0; i < calls; i += 1) expect(await search.once()).toBe('ok');
    expect(await search.breaker()).toMatchObject({ state: 'closed', failures: 0 });
    expect(await search.records()).toEqual(Array.from({ length: calls }, () => ({ outcome: 'ok' })));
    const asked = twin.callsOf(key);
    expect(asked.filter(({ billed }) => billed)).toHaveLength(calls);
    // Nearly every call but the first had a connection that had served before.
    expect(asked.length).toBeGreaterThan(calls);
  });

  it('fails a call that it cuts twice, which counts once and has one record', async ({
    twin,
    key,
    search,
  }) => {
    expect(await search.once()).toBe('ok');
    twin.script(key, [], { kind: 'cut', after: 'nothing' });
    expect(await search.once()).toBe('provider_unavailable');
    expect(twin.callsOf(key).length - 1).toBeLessThanOrEqual(2);
    expect(await search.breaker()).toMatchObject({ failures: 1 });
    expect(await search.records()).toEqual([{ outcome: 'ok' }, { outcome: 'provider_unavailable' }]);
  });
});

/** Calls of one tenant, as a search makes them, and what they leave behind. */
function searchOf(test: TestServices, tenant: TestTenant) {
  const { embedding, providerStates } = test.services;
  return {
    /** `ok`, or the code of the failure. */
    async once(): Promise<string> {
      const result = await embedding.embed({
        tenantId: tenant.id,
        source: 'search',
        inputs: ['some words'],
        side: 'query',
        timeoutMs: 5_000,
        persist: async (_tx, vectors) => vectors.length,
      });
      return result.kind === 'failed' ? result.code : result.kind;
    },
    breaker: async () => (await providerStates.view(tenant.id)).embedding,
    records: () =>
      test.db.rawAsOwner('select outcome from provider_calls where tenant_id = $1 order by started_at', [
        tenant.id,
      ]),
  };
}
