import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Embedded } from '../../../src/providers/embedding/embedded.ts';
import { createSharedCall, type SharedPart } from '../../../src/providers/embedding/shared-call.ts';
import { verdictOn } from '../../../src/providers/verdict-on.ts';
import type { ProviderAnswer } from '../../../src/providers/wire/provider-answer.ts';

type Answer = ProviderAnswer<Embedded>;

const seen = { vectors: 'numbers', usage: 'prompt_tokens', index: true, answeredModel: null } as const;

describe('texts that are sent together', () => {
  it('come back to each article, are bought once, and their tokens add up, whoever joins, leaves or is refused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          articles: fc.array(
            fc.record({
              texts: fc.integer({ min: 1, max: 3 }),
              sendsAfterMs: fc.integer({ min: 0, max: 6 }),
              fate: fc.constantFrom('sends', 'sends', 'sends', 'leaves', 'other form'),
            }),
            { minLength: 1, maxLength: 12 },
          ),
          refused: fc.array(fc.integer({ min: 0, max: 35 }), { maxLength: 3 }),
          most: fc.integer({ min: 1, max: 40 }),
          failing: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 2 }),
        }),
        async ({ articles, refused, most, failing }) => {
          const provider = startProvider(new Set(refused.map(String)), most, new Set(failing));
          const { call } = open();
          const answers = await Promise.all(
            articles.map(async ({ texts, sendsAfterMs, fate }, index) => {
              const seat = call.sit();
              await delay(sendsAfterMs);
              const own = Array.from({ length: texts }, (_, i) => String(index * 3 + i));
              const answer =
                fate === 'leaves'
                  ? undefined
                  : await seat.send(part(provider, own, fate === 'sends' ? 'form' : 'another'));
              seat.leave();
              return { own, answer };
            }),
          );
          const paid = provider.calls.filter(({ answer }) => answer.kind === 'ok');
          const bought = paid.flatMap(({ texts }) => texts);
          expect(bought.length).toBe(new Set(bought).size);
          const brought = answers.flatMap(({ own, answer }) => {
            if (answer?.kind !== 'ok') return [];
            expect(answer.result.vectors).toEqual(own.map((text) => [Number(text)]));
            return own;
          });
          expect(brought.toSorted()).toEqual(bought.toSorted());
          const told = paid.reduce((sum, { answer }) => sum + tokensOf(answer), 0);
          expect(answers.reduce((sum, { answer }) => sum + (answer ? tokensOf(answer) : 0), 0)).toBe(told);
          // A failure of the provider is counted once, however many articles it has met.
          const counted = answers.filter(
            ({ answer }) => answer && verdictOn(answer, 'background').kind === 'failed',
          );
          const failed = provider.calls.filter(
            ({ answer }) => verdictOn(answer, 'background').kind === 'failed',
          );
          expect(counted.length).toBe(failed.length);
          // Only what is refused alone is refused.
          for (const { own, answer } of answers)
            if (answer?.kind === 'failed' && answer.code === 'input_rejected')
              expect(own.length > most || own.some((text) => refused.map(String).includes(text))).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('go in one call, and each answer has its share of the tokens by what it can cost', async () => {
    const provider = startProvider(new Set(), 100, new Set());
    const { call } = open();
    const seats = [call.sit(), call.sit(), call.sit()];
    const answers = await Promise.all(
      seats.map((seat, i) => seat.send(part(provider, i === 0 ? ['1', '2'] : [String(10 * i)]))),
    );
    expect(provider.calls.map(({ texts }) => texts)).toEqual([['1', '2', '10', '20']]);
    expect(answers.map(tokensOf)).toEqual([4, 3, 3]);
  });

  it('do not wait for an article that is not ready in time, which is sent after them', async () => {
    const provider = startProvider(new Set(), 100, new Set());
    const { call } = open();
    const [ready, late] = [call.sit(), call.sit()];
    await ready.send(part(provider, ['1']));
    expect(call.hasGone).toBe(true);
    await late.send(part(provider, ['2']));
    expect(provider.calls.map(({ texts }) => texts)).toEqual([['1'], ['2']]);
  });

  it('are not sent at all where those before them have taken most of their time', async () => {
    const provider = startProvider(new Set(), 100, new Set());
    const { call } = open();
    const [slow, late] = [call.sit(), call.sit()];
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const answering = slow.send({
      ...part(provider, ['1']),
      async make(texts, timeoutMs) {
        await held;
        return provider.make(texts, timeoutMs);
      },
    });
    await vi.waitUntil(() => call.hasGone);
    const sending = late.send({ ...part(provider, ['2']), timeoutMs: 60 });
    await delay(40);
    release();
    expect((await answering).kind).toBe('ok');
    expect(await sending).toMatchObject({ kind: 'failed', code: 'provider_timeout', cost: { kind: 'free' } });
    expect(provider.calls.map(({ texts }) => texts)).toEqual([['1']]);
  });

  it('are not sent with those of another key', async () => {
    const provider = startProvider(new Set(), 100, new Set());
    const { call } = open();
    const seats = [call.sit(), call.sit()];
    await Promise.all(
      seats.map((seat, i) => seat.send({ ...part(provider, [String(i)]), apiKey: `sk-${i}` })),
    );
    expect(provider.calls.length).toBe(2);
  });

  it('fail for everybody where an error of this service breaks the call, and nobody waits for ever', async () => {
    const { call } = open();
    const seats = [call.sit(), call.sit(), call.sit()];
    const broken = async (): Promise<Answer> => {
      throw new Error('a bug');
    };
    const ended = await Promise.allSettled(
      seats.map((seat, i) =>
        seat.send({ ...part(startProvider(new Set(), 1, new Set()), [String(i)]), make: broken }),
      ),
    );
    expect(ended.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });

  it('are noted once they are refused together', async () => {
    const provider = startProvider(new Set(['1']), 100, new Set());
    const { call, refusals } = open();
    const seats = [call.sit(), call.sit()];
    const answers = await Promise.all(seats.map((seat, i) => seat.send(part(provider, [String(i)]))));
    expect(answers.map(({ kind }) => kind)).toEqual(['ok', 'failed']);
    expect(refusals()).toBe(1);
  });
});

/** A provider that refuses some texts and too many at once, and fails in some calls. Its vectors say which text they are of. */
function startProvider(refuses: ReadonlySet<string>, most: number, failing: ReadonlySet<number>) {
  const calls: { readonly texts: readonly string[]; readonly answer: Answer }[] = [];
  let underWay = 0;
  const answerTo = (texts: readonly string[]): Answer => {
    if (failing.has(calls.length))
      return { kind: 'failed', code: 'provider_unavailable', cost: { kind: 'unknown' } };
    if (texts.length > most || texts.some((text) => refuses.has(text)))
      return { kind: 'failed', code: 'input_rejected', hint: { kind: 'input' }, cost: { kind: 'free' } };
    const inputTokens = texts.reduce((sum, text) => sum + text.length + 1, 0);
    return {
      kind: 'ok',
      result: { vectors: texts.map((text) => [Number(text)]), seen },
      cost: { kind: 'told', inputTokens, outputTokens: 0 },
    };
  };
  return {
    calls,
    async make(texts: readonly string[], timeoutMs: number): Promise<Answer> {
      AbortSignal.timeout(timeoutMs);
      const answer = answerTo(texts);
      calls.push({ texts, answer });
      underWay += 1;
      expect(underWay).toBe(1);
      await delay(1);
      underWay -= 1;
      return answer;
    },
  };
}

const part = (
  provider: ReturnType<typeof startProvider>,
  texts: readonly string[],
  form = 'form',
): SharedPart => ({
  ...{ form, apiKey: 'sk-test', texts, timeoutMs: 5_000 },
  maxTokens: texts.reduce((sum, text) => sum + 4 * text.length + 8, 0),
  make: provider.make,
});

const open = (gatherMs = 3) => {
  let refusals = 0;
  const call = createSharedCall({
    ...{ gatherMs, stragglerMs: 40, isOnlyOne: () => false },
    onRefused: () => {
      refusals += 1;
    },
  });
  return { call, refusals: () => refusals };
};

const tokensOf = ({ cost }: Answer) => (cost.kind === 'told' ? cost.inputTokens : 0);
