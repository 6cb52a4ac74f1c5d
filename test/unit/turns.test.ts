import { expect, it } from 'vitest';
import { createTurns } from '../../src/platform/async/keyed-mutex.ts';

const long = 60_000;

it('gives the turn of a name to one at a time, in the order in which they came', async () => {
  const turns = createTurns();
  const log: string[] = [];
  const first = await turns.enter('a', long);
  const others = ['second', 'third'].map(async (name) => {
    const leave = await turns.enter('a', long);
    log.push(name);
    return leave;
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
  const turns = createTurns();
  await turns.enter('a', long);
  expect(await turns.enter('b', long)).toBeTypeOf('function');
});

it('passes over who has given up, and leaves nobody behind it waiting', async () => {
  const turns = createTurns();
  const first = await turns.enter('a', long);
  const impatient = turns.enter('a', 5);
  const patient = turns.enter('a', long);
  expect(await impatient).toBeUndefined();
  first?.();
  expect(await patient).toBeTypeOf('function');
});

it('is free again once all have left or given up', async () => {
  const turns = createTurns();
  const first = await turns.enter('a', long);
  expect(await turns.enter('a', 5)).toBeUndefined();
  first?.();
  // With no patience at all only a free turn is got.
  expect(await turns.enter('a', 0)).toBeTypeOf('function');
});

it('does not take the turn from the next when one leaves twice', async () => {
  const turns = createTurns();
  const first = await turns.enter('a', long);
  const second = turns.enter('a', long);
  const third = turns.enter('a', 20);
  first?.();
  first?.();
  expect(await second).toBeTypeOf('function');
  expect(await third).toBeUndefined();
});

const settled = () => new Promise((resolve) => setImmediate(resolve));
