import { expect, it } from 'vitest';
import { createKeyedMutex } from '../../../src/platform/async/keyed-mutex.ts';

const long = 60_000;

it('gives the turn of a name to one at a time, in the order in which they came', async () => {
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

it('lets no name wait for another', async () => {
  const mutex = createKeyedMutex();
  await mutex.acquire('a', long);
  expect(await mutex.acquire('b', long)).toBeTypeOf('function');
});

it('passes over who has given up, and leaves nobody behind it waiting', async () => {
  const mutex = createKeyedMutex();
  const first = await mutex.acquire('a', long);
  const impatient = mutex.acquire('a', 5);
  const patient = mutex.acquire('a', long);
  expect(await impatient).toBeUndefined();
  first?.();
  expect(await patient).toBeTypeOf('function');
});

it('is free again once all have left or given up', async () => {
  const mutex = createKeyedMutex();
  const first = await mutex.acquire('a', long);
  expect(await mutex.acquire('a', 5)).toBeUndefined();
  first?.();
  // With no patience at all only a free turn is got.
  expect(await mutex.acquire('a', 0)).toBeTypeOf('function');
});

it('does not take the turn from the next when one leaves twice', async () => {
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
