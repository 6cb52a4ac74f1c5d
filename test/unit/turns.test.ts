import { expect, it } from 'vitest';
import { createTurns } from '../../src/platform/turns.ts';

/** Work that is begun, and ends when it is told to. */
function held(name: string, log: string[]) {
  let end: (how: 'well' | 'badly') => void = () => undefined;
  const ended = new Promise<string>((resolve, reject) => {
    end = (how) => (how === 'well' ? resolve(name) : reject(new Error(name)));
  });
  return {
    end,
    work: () => {
      log.push(name);
      return ended;
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('begins the next work of a name when the one before has ended, well or badly, and hands on how', async () => {
  const turns = createTurns();
  const log: string[] = [];
  const [first, second, third] = [held('first', log), held('second', log), held('third', log)];
  const results = [first, second, third].map(({ work }) => turns.take('a', work));
  const outcomes = Promise.allSettled(results);
  await settled();
  expect(log).toEqual(['first']);
  first.end('badly');
  await settled();
  expect(log).toEqual(['first', 'second']);
  second.end('well');
  third.end('well');
  expect(await outcomes).toEqual([
    { status: 'rejected', reason: new Error('first') },
    { status: 'fulfilled', value: 'second' },
    { status: 'fulfilled', value: 'third' },
  ]);
});

it('lets no name wait for another', async () => {
  const turns = createTurns();
  const log: string[] = [];
  void turns.take('a', held('of a', log).work);
  expect(await turns.take('b', async () => 'done')).toBe('done');
});
