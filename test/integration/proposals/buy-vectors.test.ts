import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import type { Chunk } from '../../../src/domain/chunks.ts';
import { type ChunksToBuy, createBuyVectors } from '../../../src/proposals/buy-vectors.ts';
import { aChunk } from '../../support/a-chunk.ts';
import { factsOfServices } from '../../support/fixtures.ts';
import { targetOf } from '../../support/targets.ts';

const it = factsOfServices().extend('purchase', ({ test, twin, tenant, key }) => {
  const buy = createBuyVectors({
    database: test.services.database,
    embedding: test.services.embedding,
    batches: test.services.batches,
    metrics: { chunksBought: () => undefined, callRefused: () => undefined },
    timeoutMs: 2_000,
  });
  const request: ChunksToBuy = {
    ...{
      tenantId: tenant.id,
      apiKeyId: null,
      keyVersion: 1,
      target: targetOf('a-model'),
      space: undefined,
      chunks: [chunk('one')],
    },
  };
  return {
    buy: (changes: Partial<ChunksToBuy> = {}) => buy({ ...request, ...changes }, undefined),
    calls: () => twin.callsOf(key).length,
  };
});

describe('vectors that were bought a moment ago', () => {
  it('are not bought again', async ({ purchase }) => {
    const first = await purchase.buy();
    expect(first.kind).toBe('bought');
    expect(await purchase.buy()).toEqual(first);
    expect(purchase.calls()).toBe(1);
  });

  it('are shared by those who ask at the same time', async ({ purchase }) => {
    await Promise.all([purchase.buy(), purchase.buy(), purchase.buy()]);
    expect(purchase.calls()).toBe(1);
  });

  it.for([
    ['another model', { target: targetOf('another-model') }],
    ['another chunk', { chunks: [chunk('two')] }],
    ['one chunk more', { chunks: [chunk('one'), chunk('two')] }],
  ] as const)('are not those of %s', async ([, changes], { purchase }) => {
    await purchase.buy();
    expect((await purchase.buy(changes)).kind).toBe('bought');
    expect(purchase.calls()).toBe(2);
  });
});

describe('vectors of the same model that wait for their article', () => {
  it.for([
    ['another key', { keyVersion: 2 }],
    ['another space', { space: { id: randomUUID(), dimensions: 16 } }],
  ] as const)('serve a proposal under %s, too', async ([, changes], { purchase }) => {
    await purchase.buy();
    expect((await purchase.buy(changes)).kind).toBe('bought');
    expect(purchase.calls()).toBe(1);
  });
});

describe('a failed purchase', () => {
  it('is not remembered: the next proposal asks again', async ({ twin, key, purchase }) => {
    twin.script(key, [{ kind: 'status', status: 500 }]);
    expect(await purchase.buy()).toMatchObject({ kind: 'failed', code: 'provider_unavailable' });
    expect((await purchase.buy()).kind).toBe('bought');
    expect(purchase.calls()).toBe(2);
  });
});

function chunk(text: string): Chunk {
  return aChunk({ text, hash: `hash of ${text}` });
}
