import { expect, it } from 'vitest';
import { createKeyedMutex } from '../../../src/platform/async/keyed-mutex.ts';

const long = 60_000;

it('serves the waiters of a key one at a time, in order', async () => {
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

it('blocks no key by another', async () => {
  const mutex = createKeyedMutex();
  await mutex.acquire('a', long);
  expect(await mutex.acquire('b', long)).toBeTypeOf('function');
});

it('skips a waiter that timed out and serves the next', async () => {
  const mutex = createKeyedMutex();
  const first = await mutex.acquire('a', long);
  const impatient = mutex.acquire('a', 5);
  const patient = mutex.acquire('a', long);
  expect(await impatient).toBeUndefined();
  first?.();
  expect(await patient).toBeTypeOf('function');
});

it('is free again once the holder has released it and the waiter has timed out', async () => {
  const mutex = createKeyedMutex();
  const first = await mutex.acquire('a', long);
  expect(await mutex.acquire('a', 5)).toBeUndefined();
  first?.();
  // With a time-out of 0 only a free mutex is acquired.
  expect(await mutex.acquire('a', 0)).toBeTypeOf('function');
});

it('stays with the next holder when the first one releases it twice', async () => {
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
