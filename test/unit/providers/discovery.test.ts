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

  it('ends within the stated number of calls, whatever is answered by turns', async () => {
    const named = fc.constantFrom(...fields).map((name) => ({ kind: 'parameter', name }) as const);
    const hint = fc.oneof(
      named,
      fc.constantFrom({ kind: 'input' } as const, { kind: 'too_many_inputs' } as const),
    );
    const answers = fc.array(fc.option(hint), { minLength: 40, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(answers, fc.integer({ min: 1, max: 12 }), async (turns, inputs) => {
        const target = targetOf('m', { ...style, vendor: 'custom', dimensions: 256 });
        let calls = 0;
        const discovery = createDiscovery({
          async askOnce({ persist }) {
            const refusal = turns[calls];
            calls += 1;
            return refusal
              ? { kind: 'failed', code: 'input_rejected', hint: refusal }
              : {
                  kind: 'ok',
                  persisted: await persist(noTransaction, [], reference),
                  key: reference,
                  inputTokens: 1,
                };
          },
          catalogue: { find: () => undefined },
          cache: { read: async () => startingProfile(target, undefined) },
        });
        const texts = Array.from({ length: inputs }, (_, at) => `text ${at}`);
        const call = { tenantId: 'a-tenant', source: 'workflow', side: 'passage', timeoutMs: 5_000 } as const;
        await discovery({ ...call, asked: target, inputs: texts, persist: async () => 'stored' });
        expect(calls).toBeLessThanOrEqual(mostCalls);
      }),
      { numRuns: 2_000 },
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

  it('of a provider that takes no request, not even harmless texts, puts no text in the wrong', async () => {
    const provider = openProvider(targetOf('m', { ...style, vendor: 'custom' }), ['input'], false);
    for (const inputs of [1, 1, 12]) {
      const result = await provider.embed(inputs);
      expect(result).toMatchObject({ kind: 'failed', code: 'input_rejected' });
      expect(result).not.toHaveProperty('hint');
    }
  });

  it('is not the text’s fault while tiny calls cannot tell', async () => {
    const target = targetOf('m', { vendor: 'custom' });
    const limited = { kind: 'failed', code: 'provider_rate_limited', retryAfterMs: 5_000 } as const;
    const discovery = createDiscovery({
      askOnce: async ({ inputs }) =>
        inputs[0] === 'a text'
          ? { kind: 'failed', code: 'input_rejected', hint: { kind: 'input' } }
          : limited,
      catalogue: { find: () => undefined },
      cache: { read: async () => startingProfile(target, undefined) },
    });
    const call = { tenantId: 'a-tenant', source: 'workflow', side: 'passage', timeoutMs: 5_000 } as const;
    const persist = async () => 'stored';
    expect(await discovery({ ...call, asked: target, inputs: ['a text'], persist })).toEqual(limited);
  });
});

describe('a field that a refusal names', () => {
  it('is the one of the dimensions, by whichever name they are asked for', async () => {
    const target = targetOf('m', { dimensions: 256, inputStyle: { kind: 'none' } });
    const sent: string[] = [];
    const discovery = createDiscovery({
      async askOnce({ persist }, { used }) {
        const asked = optionalFields(used, target).filter((name) => name !== 'encoding_format');
        sent.push(asked.join());
        return asked.length === 0
          ? {
              kind: 'ok',
              persisted: await persist(noTransaction, [], reference),
              key: reference,
              inputTokens: 1,
            }
          : { kind: 'failed', code: 'input_rejected', hint: { kind: 'parameter', name: 'dimensions' } };
      },
      catalogue: { find: () => undefined },
      cache: { read: async () => startingProfile(target, undefined) },
    });
    const call = { tenantId: 'a-tenant', source: 'workflow', side: 'passage', timeoutMs: 5_000 } as const;
    await discovery({ ...call, asked: target, inputs: ['a'], persist: async () => 'stored' });
    expect(sent).toEqual(['dimensions', 'output_dimension', '']);
  });

  it.for([
    ['truncation', 1],
    ['encoding_format', 2],
  ] as const)('and that is not at fault (%s) leaves the texts to be looked at', async ([name, calls]) => {
    const target = targetOf('m', {});
    let made = 0;
    const discovery = createDiscovery({
      async askOnce() {
        made += 1;
        return { kind: 'failed', code: 'input_rejected', hint: { kind: 'parameter', name } };
      },
      catalogue: { find: () => undefined },
      cache: { read: async () => startingProfile(target, undefined) },
    });
    const call = { tenantId: 'a-tenant', source: 'workflow', side: 'passage', timeoutMs: 5_000 } as const;
    const result = await discovery({ ...call, asked: target, inputs: ['a'], persist: async () => 'stored' });
    expect(result).toEqual({ kind: 'failed', code: 'input_rejected', hint: { kind: 'input' } });
    expect(made).toBe(calls);
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
