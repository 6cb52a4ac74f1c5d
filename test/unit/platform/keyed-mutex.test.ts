import { expect, it } from 'vitest';
import { createKeyedMutex } from '../../../src/platform/async/keyed-mutex.ts';

const long = 60_000;

it('is held by one caller of a name at a time, in the order in which they came', async () => {
  const mutex = createKeyedMutex();
  const log: string[] = [];
  const first = await mutex.acquire('a', long);
  const others = ['second', 'third'].map(async (name) => {
    const release = await mutex.acquire('a', long);
    log.push(name);
    return release;
  });
  await settled();
  expect(log).toEqual([]);
  first?.();
  const second = await others[0];
  await settled();
  expect(log).toEqual(['second']);
  second?.();
  await others[1];
  expect(log).toEqual(['second', 'third']);
});

it('makes no name wait for another', async () => {
  const mutex = createKeyedMutex();
  await mutex.acquire('a', long);
  expect(await mutex.acquire('b', long)).toBeTypeOf('function');
});

it('skips a caller that has given up, and goes on to the next', async () => {
  const mutex = createKeyedMutex();
  const first = await mutex.acquire('a', long);
  const gaveUp = mutex.acquire('a', 5);
  const next = mutex.acquire('a', long);
  expect(await gaveUp).toBeUndefined();
  first?.();
  expect(await next).toBeTypeOf('function');
});

it('is free again once all callers have released it or given up', async () => {
  const mutex = createKeyedMutex();
  const first = await mutex.acquire('a', long);
  expect(await mutex.acquire('a', 5)).toBeUndefined();
  first?.();
  // With a limit of 0 only a free mutex is acquired.
  expect(await mutex.acquire('a', 0)).toBeTypeOf('function');
});

it('is not taken from the next holder when one releases it twice', async () => {
  const mutex = createKeyedMutex();
  const first = await mutex.acquire('a', long);
  const second = mutex.acquire('a', long);
  const third = mutex.acquire('a', 20);
  first?.();
  first?.();
  expect(await second).toBeTypeOf('function');
  expect(await third).toBeUndefined();
});

const settled = () => new Promise((resolve) => setImmediate(resolve));
