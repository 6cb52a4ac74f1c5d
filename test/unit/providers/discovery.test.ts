import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProviderTarget } from '../../../src/domain/provider-target.ts';
import type { Transaction } from '../../../src/platform/postgres/database.ts';
import { createDiscovery } from '../../../src/providers/embedding/discovery.ts';
import type { AskOnce } from '../../../src/providers/embedding/guarded-embedding.ts';
import {
  type EmbeddingProfile,
  optionalFields,
  startingProfile,
} from '../../../src/providers/embedding/profile.ts';
import { targetOf } from '../../support/targets.ts';

const fields = ['encoding_format', 'dimensions', 'output_dimension', 'input_type'];
/** One call and four more, four tiny calls, and the call and four more again. */
const mostCalls = 14;

describe('the first call of a target', () => {
  it('ends within the stated number of calls, and with vectors unless every form is refused', async () => {
    const refusing = fc.record({
      refused: fc.subarray(fields),
      names: fc.boolean(),
      inputs: fc.integer({ min: 1, max: 12 }),
      dimensions: fc.option(fc.constant(256)),
    });
    await fc.assert(
      fc.asyncProperty(refusing, async ({ refused, names, inputs, dimensions }) => {
        const provider = openProvider(
          targetOf('m', { ...style, vendor: 'custom', dimensions }),
          refused,
          names,
        );
        expect(await provider.embed(inputs)).toMatchObject({ kind: 'ok' });
        expect(provider.calls()).toBeLessThanOrEqual(mostCalls);
        const before = provider.calls();
        expect(await provider.embed(inputs)).toMatchObject({ kind: 'ok' });
        expect(provider.calls() - before).toBe(1);
      }),
      // The most that can be refused by name of a large batch.
      { examples: [[{ refused: fields, names: true, inputs: 9, dimensions: 256 }]] },
    );
  });

  it('of a provider that takes no request ends as well', async () => {
    for (const names of [true, false]) {
      const provider = openProvider(
        targetOf('m', { ...style, vendor: 'custom' }),
        [...fields, 'input'],
        names,
      );
      expect(await provider.embed(12)).toMatchObject({ code: 'input_rejected' });
      expect(provider.calls()).toBeLessThanOrEqual(mostCalls);
    }
  });
});

const style = {
  inputStyle: { kind: 'field', name: 'input_type', query: 'query', passage: 'passage' },
} as const;

const reference = { provider: 'embedding', model: 'm', keyVersion: 1, targetId: 'a-target' } as const;
const noTransaction: Transaction = Object.assign(Object.create(null), { afterCommit: () => undefined });

/** A provider that refuses these fields of a request, by their names or without a word about them. */
function openProvider(target: ProviderTarget, refused: readonly string[], names: boolean) {
  let calls = 0;
  let stored: EmbeddingProfile = startingProfile(target, undefined);
  const askOnce: AskOnce = async (call, { used }) => {
    calls += 1;
    const sent = [...optionalFields(used, target), 'input'];
    const name = sent.find((field) => refused.includes(field));
    if (name !== undefined) {
      const hint = names ? ({ kind: 'parameter', name } as const) : ({ kind: 'input' } as const);
      return { kind: 'failed', code: 'input_rejected', hint };
    }
    stored = { ...used, foundAt: new Date(0) };
    return {
      kind: 'ok',
      persisted: await call.persist(noTransaction, [], reference),
      key: reference,
      inputTokens: 1,
    };
  };
  const discovery = createDiscovery({
    askOnce,
    catalogue: { find: () => undefined },
    cache: { read: async () => stored },
  });
  const texts = (count: number) => Array.from({ length: count }, (_, at) => `text ${at}`);
  return {
    calls: () => calls,
    embed: (inputs: number) =>
      discovery({
        ...{ tenantId: 'a-tenant', source: 'workflow', side: 'passage', timeoutMs: 5_000 },
        ...{ asked: target, inputs: texts(inputs), persist: async () => 'stored' },
      }),
  };
}
