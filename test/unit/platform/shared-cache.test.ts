import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { test as base, describe, expect, vi } from 'vitest';
import { createSharedCache, type SharedCache } from '../../../src/platform/async/shared-cache.ts';

// The cache reads the clock that a fact sets.
const it = base
  .extend('clock', { auto: true }, ({}, { onCleanup }): Clock => {
    const clock = { nowMs: 5_000 };
    vi.spyOn(performance, 'now').mockImplementation(() => clock.nowMs);
    onCleanup(() => void vi.restoreAllMocks());
    return clock;
  })
  .extend('cache', ({ clock: _ }) => createCache());

const ttlMs = 1_000;
const maxSize = 10;
const good: Value = { good: true, size: 1 };
const bad: Value = { good: false, size: 1 };

describe('what is under way', () => {
  it('is made once for all who ask for it, and another key’s is made beside it', async ({ cache }) => {
    const one = counting(cache, 'one', async () => good);
    const other = counting(cache, 'other', async () => good);
    const answers = await Promise.all([one.ask(), other.ask(), one.ask(), one.ask()]);
    expect(answers).toEqual([good, good, good, good]);
    expect([one.made, other.made]).toEqual([1, 1]);
  });

  it('fails for all who wait for it, and begins again for the next', async ({ cache }) => {
    const broken = new Error('broken');
    const failing = counting(cache, 'key', async () => {
      throw broken;
    });
    const ended = await Promise.allSettled([failing.ask(), failing.ask()]);
    expect(ended).toEqual([
      { status: 'rejected', reason: broken },
      { status: 'rejected', reason: broken },
    ]);
    expect(failing.made).toBe(1);
    await expect(failing.ask()).rejects.toBe(broken);
    expect(failing.made).toBe(2);
  });

  it('is not shared with another caller if it concerns its own alone, and with no more calls than callers', async () => {
    const cache = createSharedCache<Value>({
      ...{ ttlMs, maxSize, sizeOf: () => 1, worthKeeping: ({ good: isGood }) => isGood },
      concernsCallerOnly: ({ good: isGood }) => !isGood,
    });
    const made: string[] = [];
    const askAs = (caller: string, value: Value) =>
      cache.get(
        'key',
        async () => {
          made.push(caller);
          return value;
        },
        caller,
      );
    const answers = await Promise.all([
      ...Array.from({ length: 3 }, () => askAs('refused', bad)),
      ...Array.from({ length: 3 }, () => askAs('served', good)),
    ]);
    expect(answers).toEqual([bad, bad, bad, good, good, good]);
    expect(made).toEqual(['refused', 'served']);
    expect(await askAs('refused', bad)).toBe(good);
  });

  it('is forgotten also where it throws before it promises anything', async ({ cache }) => {
    const broken = new Error('broken');
    const throwing = () => {
      throw broken;
    };
    await expect(cache.get('key', throwing)).rejects.toBe(broken);
    expect(await cache.get('key', async () => good)).toBe(good);
  });
});

describe('a result', () => {
  it('is remembered until its time is over', async ({ clock, cache }) => {
    const asked = counting(cache, 'key', async () => good);
    await asked.ask();
    clock.nowMs += ttlMs - 1;
    await asked.ask();
    expect(asked.made).toBe(1);
    clock.nowMs += 2;
    await asked.ask();
    expect(asked.made).toBe(2);
  });

  it('that is not worth keeping is shared and then forgotten', async ({ cache }) => {
    const asked = counting(cache, 'key', async () => bad);
    expect(await Promise.all([asked.ask(), asked.ask()])).toEqual([bad, bad]);
    expect(asked.made).toBe(1);
    await asked.ask();
    expect(asked.made).toBe(2);
  });

  it('is pushed out by newer ones when it was unused the longest', async ({ cache }) => {
    const half: Value = { good: true, size: maxSize / 2 };
    const [first, second, third] = ['1', '2', '3'].map((key) => counting(cache, key, async () => half));
    await first?.ask();
    await second?.ask();
    await first?.ask();
    await third?.ask();
    await first?.ask();
    expect([first?.made, second?.made, third?.made]).toEqual([1, 1, 1]);
    await second?.ask();
    expect(second?.made).toBe(2);
  });

  it('that is too large for the memory is given, and the others stay', async ({ cache }) => {
    const small = counting(cache, 'small', async () => good);
    const large = counting(cache, 'large', async () => ({ good: true, size: maxSize + 1 }));
    await small.ask();
    await large.ask();
    await large.ask();
    await small.ask();
    expect([small.made, large.made]).toEqual([1, 2]);
  });
});

describe('a result that has expired', () => {
  it('leaves the memory at once where that is asked for', async ({ clock }) => {
    expect(await expire(clock, true)).toBe(false);
  });

  it('stays in the memory otherwise, and is never given', async ({ clock }) => {
    expect(await expire(clock, false)).toBe(true);
  });
});

it('a time of 0 shares the work under way and remembers nothing', async () => {
  const cache = createSharedCache<Value>({
    ...{ ttlMs: 0, maxSize, sizeOf: ({ size }) => size, worthKeeping: () => true },
  });
  const asked = counting(cache, 'key', async () => good);
  await Promise.all([asked.ask(), asked.ask()]);
  expect(asked.made).toBe(1);
  await asked.ask();
  expect(asked.made).toBe(2);
});

it('a hit is a remembered result, not work that is shared', async () => {
  let hits = 0;
  const cache = createSharedCache<Value>({
    ...{ ttlMs, maxSize, sizeOf: ({ size }) => size, worthKeeping: () => true },
    onHit: () => {
      hits += 1;
    },
  });
  const asked = counting(cache, 'key', async () => good);
  await Promise.all([asked.ask(), asked.ask()]);
  expect(hits).toBe(0);
  await asked.ask();
  expect(hits).toBe(1);
});

it('under any schedule makes a key once at a time, gives nothing bad or expired again, and keeps its bound', async ({
  clock,
}) => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep(), { maxLength: 60 }), async (steps) => {
      const cache = createCache();
      const makes = new Map<number, { end(value: Value | undefined): void }>();
      const lastGood = new Map<number, { readonly value: Value; readonly atMs: number }>();
      const waiting = new Map<number, Promise<Value | 'failed'>[]>();
      const settle = () => new Promise((resolve) => setImmediate(resolve));

      /** Asks; true where it was made anew or is under way, false where it was remembered. */
      const ask = async (key: number): Promise<boolean> => {
        let made = false;
        const answer = cache
          .get(String(key), () => {
            made = true;
            if (makes.has(key)) throw new Error('two at once for one key');
            return new Promise<Value>((resolve, reject) => {
              makes.set(key, {
                end: (value) => (value === undefined ? reject(new Error('threw')) : resolve(value)),
              });
            });
          })
          .catch((error: Error) => {
            if (error.message !== 'threw') throw error;
            return 'failed' as const;
          });
        await settle();
        if (makes.has(key)) {
          waiting.set(key, [...(waiting.get(key) ?? []), answer]);
          return true;
        }
        expect(made).toBe(false);
        const known = lastGood.get(key);
        expect(known).toBeDefined();
        expect(await answer).toBe(known?.value);
        expect(clock.nowMs - (known?.atMs ?? 0)).toBeLessThanOrEqual(ttlMs);
        return false;
      };

      const end = async (key: number, value: Value | undefined): Promise<void> => {
        makes.get(key)?.end(value);
        makes.delete(key);
        if (value?.good) lastGood.set(key, { value, atMs: clock.nowMs });
        const answers = await Promise.all(waiting.get(key) ?? []);
        waiting.delete(key);
        for (const answer of answers) expect(answer).toBe(value ?? 'failed');
      };

      for (const each of steps) {
        if (each.kind === 'wait') clock.nowMs += each.ms;
        else if (each.kind === 'ask') await ask(each.key);
        else {
          const under = [...makes.keys()];
          const key = under[each.which % Math.max(1, under.length)];
          const value = each.how === 'throws' ? undefined : { good: each.how === 'good', size: each.size };
          if (key !== undefined) await end(key, value);
        }
      }
      for (const key of [...makes.keys()]) await end(key, undefined);

      let kept = 0;
      for (const key of [0, 1, 2, 3]) {
        if (await ask(key)) await end(key, undefined);
        else kept += lastGood.get(key)?.value.size ?? 0;
      }
      expect(kept).toBeLessThanOrEqual(maxSize);
    }),
    { numRuns: 300 },
  );
});

interface Clock {
  nowMs: number;
}

interface Value {
  readonly good: boolean;
  readonly size: number;
}

function createCache(): SharedCache<Value> {
  return createSharedCache<Value>({
    ...{ ttlMs, maxSize, sizeOf: ({ size }) => size, worthKeeping: ({ good }) => good },
  });
}

/** Asks for a key and counts how often it had to be made. */
function counting(cache: SharedCache<Value>, key: string, result: () => Promise<Value>) {
  const asked = { made: 0, ask: () => cache.get(key, make) };
  const make = () => {
    asked.made += 1;
    return result();
  };
  return asked;
}

/** Whether an expired result is still in the memory after a collection of garbage. */
async function expire(clock: Clock, purgeExpired: boolean): Promise<boolean> {
  const cache = createSharedCache<Value>({
    ...{ ttlMs: 5, maxSize, sizeOf: () => 1, worthKeeping: () => true },
    purgeExpired,
  });
  const seen = new WeakRef(await cache.get('key', async () => ({ good: true, size: 1 })));
  clock.nowMs += 20;
  await new Promise((resolve) => setTimeout(resolve, 20));
  collectGarbage();
  const inMemory = seen.deref() !== undefined;
  // Used after the collection, so that it is the cache and not its end that decides.
  await cache.get('other', async () => good);
  return inMemory;
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
}

function anyStep() {
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('ask' as const), key: fc.nat(3) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('end' as const),
        which: fc.nat(3),
        how: fc.constantFrom('good' as const, 'bad' as const, 'throws' as const),
        size: fc.integer({ min: 1, max: maxSize + 2 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, 400, 600, 1_001) }),
    },
  );
}
