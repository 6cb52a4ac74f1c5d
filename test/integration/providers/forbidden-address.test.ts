import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect } from 'vitest';
import { originOf } from '../../../src/domain/provider-target.ts';
import type { ProviderUrls } from '../../../src/domain/provider-urls.ts';
import type { ProviderKeys } from '../../../src/llm-config/provider-keys.ts';
import { createConnections } from '../../../src/platform/net/connections.ts';
import { createBreaker } from '../../../src/providers/breaker/breaker.ts';
import { createGuard } from '../../../src/providers/guard.ts';
import { createLimits } from '../../../src/providers/limits/limits.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { guardedEmbeddingOf } from '../../support/guarded-embedding.ts';
import type { TestServices, TestTenant } from '../../support/test-services.ts';

// The real guard, for a tenant whose own provider is at an address that it may not choose.
const it = factsOfServices()
  .extend('server', async ({}, { onCleanup }) => {
    const server = await startCounting();
    onCleanup(() => server.close());
    return server;
  })
  .extend(
    'callAt',
    ({ test, tenant }) =>
      (baseUrl: string, providerUrls: ProviderUrls = 'public', ip = '127.0.0.1') =>
        callOf(test, tenant, baseUrl, providerUrls, ip),
  );
const forbidden = { kind: 'failed', code: 'address_forbidden' };

describe('a call to an address that a tenant may not choose', () => {
  it.for([
    'http://127.0.0.1',
    'https://127.0.0.1',
    'https://[::1]',
    'https://rebound.example',
    'http://rebound.example',
  ])('opens no connection to %s', async (origin, { server, callAt }) => {
    expect(await callAt(`${origin}:${server.port}/v1`).once()).toEqual(forbidden);
    expect(await callAt(`${origin}:${server.port}/v1`, 'listed').once()).toEqual(forbidden);
    expect(server.connections()).toBe(0);
  });

  it('is a record that costs nothing, and says nothing about the provider', async ({ server, callAt }) => {
    const call = callAt(`https://127.0.0.1:${server.port}/v1`);
    for (let i = 0; i < 5; i += 1) expect(await call.once()).toEqual(forbidden);
    expect(await call.records()).toEqual(Array(5).fill({ outcome: 'address_forbidden', tokens: 0 }));
    expect(await call.breaker()).toMatchObject({ state: 'closed', failures: 0 });
    expect(await call.keyStatus()).toBe('unverified');
  });

  it('gives back the probe of a breaker, and does not close it', async ({
    test,
    twin,
    tenant,
    key,
    server,
    callAt,
  }) => {
    twin.script(key, [], { kind: 'status', status: 503 });
    const anywhere = callAt(twin.baseUrl, 'any');
    for (let i = 0; i < 3; i += 1) await anywhere.once();
    await test.db.rawAsOwner(
      `update breakers set open_until = clock_timestamp() - interval '1 second' where tenant_id = $1`,
      [tenant.id],
    );
    const call = callAt(`https://127.0.0.1:${server.port}/v1`);
    for (let i = 0; i < 2; i += 1) expect(await call.once()).toEqual(forbidden);
    expect(await call.breaker()).toMatchObject({ state: 'half_open' });
  });

  it('is made where any address is allowed', async ({ twin, key, callAt }) => {
    expect(await callAt(twin.baseUrl, 'any').once()).toMatchObject({ kind: 'ok' });
    expect(twin.callsOf(key)).toHaveLength(1);
  });
});

/** A server that counts connections and answers nothing. */
async function startCounting() {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { port: address.port, connections: () => connections, close: () => void server.close() };
}

/** Calls of a tenant at an address of its own, whose name resolves to `ip`, and what they leave behind. */
function callOf(
  test: TestServices,
  tenant: TestTenant,
  baseUrl: string,
  providerUrls: ProviderUrls,
  ip: string,
) {
  const { database, usage, providerKeys, providerStates } = test.services;
  const keys: ProviderKeys = {
    ...providerKeys,
    async current(...args) {
      const key = await providerKeys.current(...args);
      return key === undefined ? undefined : { ...key, target: { ...key.target, vendor: 'custom', baseUrl } };
    },
    // The key was set for the twin, and opens for its address alone.
    openKey: (tenantId, provider, stored) =>
      providerKeys.openKey(tenantId, provider, stored, originOf(test.environment.EMBEDDING_BASE_URL)),
  };
  const breaker = createBreaker({ failures: 3, windowMs: 60_000, openMs: 30_000, maxOpenMs: 30_000 });
  const guard = createGuard({
    ...{ database, keys, breaker, usage },
    limits: createLimits(),
    backgroundTimeoutMs: () => 2_000,
  });
  const connections = createConnections({ resolve: async () => [ip] });
  const embedding = guardedEmbeddingOf(test, guard, database, { connections, providerUrls });
  return {
    once: () =>
      embedding.embed({
        tenantId: tenant.id,
        source: 'search',
        inputs: ['some words'],
        side: 'query',
        timeoutMs: 2_000,
        persist: async (_tx, vectors) => vectors.length,
      }),
    records: () =>
      test.db.rawAsOwner(
        'select outcome, input_tokens::int as tokens from provider_calls where tenant_id = $1',
        [tenant.id],
      ),
    breaker: async () => (await providerStates.view(tenant.id)).embedding,
    keyStatus: async () => (await test.services.llmConfig.view(tenant.id)).embedding_key_status,
  };
}
