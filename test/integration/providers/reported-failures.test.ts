import { describe, expect } from 'vitest';
import { factsOfServices } from '../../support/fixtures.ts';
import { type TwinStep, twinMarker } from '../../support/provider-twin.ts';
import { sampleValue } from '../../support/scrape.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// Through the real guard of a process: what its operators see of a failed call, in the log, the metrics and the readiness view.
const it = factsOfServices().extend('fail', ({ twin, test, tenant, key }) => async (step: TwinStep) => {
  twin.script(key, [step]);
  const result = await searchOf(test, tenant);
  return { result, lines: linesOf(test, tenant) };
});
const failures = 'lorekeep_provider_connection_failures_total';
const reset = { provider: 'embedding', addresses: 'default', cause: 'connection_reset' };

describe('a failed call', () => {
  it('is one log line with its code and cause, and with ids only', async ({ tenant, fail }) => {
    const { result, lines } = await fail({ kind: 'cut', after: 'half' });
    expect(result).toEqual({ kind: 'failed', code: 'provider_unavailable' });
    expect(lines).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        process: 'test',
        tenant_id: tenant.id,
        operation: 'embedding',
        source: 'search',
        code: 'provider_unavailable',
        ...reset,
        msg: 'provider call failed',
      },
    ]);
  });

  it('is one log line without a cause where the provider has answered', async ({ tenant, fail }) => {
    const { lines } = await fail({ kind: 'status', status: 401 });
    expect(lines).toMatchObject([{ code: 'credential_rejected', tenant_id: tenant.id }]);
    expect(lines[0]).not.toHaveProperty('cause');
    expect(JSON.stringify(lines)).not.toContain(twinMarker);
  });

  it('counts by its cause in the metrics and in the readiness view', async ({ test, fail }) => {
    const counted = async () => sampleValue(await test.metrics.scrape(), failures, reset) ?? 0;
    const recent = () => test.services.recentCauses.list().find(({ cause }) => cause === reset.cause);
    const before = [await counted(), recent()?.count ?? 0] as const;
    await fail({ kind: 'cut', after: 'half' });
    expect(await counted()).toBe(before[0] + 1);
    expect(recent()).toEqual({ ...reset, count: before[1] + 1, lastAt: expect.any(Date) });
  });

  it('that was never made is no such line', async ({ test, tenant }) => {
    await tenant.setEmbeddingKey(null);
    expect(await searchOf(test, tenant)).toEqual({ kind: 'failed', code: 'no_api_key' });
    expect(linesOf(test, tenant)).toEqual([]);
  });
});

/** One call of the tenant, as a search makes it. */
const searchOf = (test: TestServices, tenant: TestTenant) =>
  test.services.embedding.embed({
    tenantId: tenant.id,
    source: 'search',
    inputs: ['some words'],
    side: 'query',
    timeoutMs: 5_000,
    persist: async (_tx, vectors) => vectors.length,
  });

/** The lines about failed calls of the tenant. */
const linesOf = (test: TestServices, tenant: TestTenant): object[] =>
  test.logLines
    .filter((line) => line.includes(tenant.id) && line.includes('provider call'))
    .map((line) => JSON.parse(line));
