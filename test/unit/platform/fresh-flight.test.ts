import { setImmediate as settled } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createFreshFlight } from '../../../src/platform/async/fresh-flight.ts';

/** Reads that end when they are told to, numbered in the order in which they began. */
function heldReads() {
  const ends: ((fails?: boolean) => void)[] = [];
  const read = () =>
    new Promise<number>((resolve, reject) => {
      const number = ends.length + 1;
      ends.push((fails = false) => (fails ? reject(new Error(`read ${number}`)) : resolve(number)));
    });
  return { ends, read };
}

describe('a fresh flight', () => {
  it('shares a read among those who asked before it began, and with nobody else', async () => {
    const flight = createFreshFlight<number>();
    const { ends, read } = heldReads();
    const first = flight.run('a', read);
    const shared = [flight.run('a', read), flight.run('a', read)];
    expect(ends).toHaveLength(1);
    ends[0]?.();
    expect(await first).toBe(1);
    await settled();
    expect(ends).toHaveLength(2);
    // It is under way: what it finds may be older than this question.
    const late = flight.run('a', read);
    ends[1]?.();
    expect(await Promise.all(shared)).toEqual([2, 2]);
    await settled();
    ends[2]?.();
    expect(await late).toBe(3);
  });

  it('makes two reads of a hundred questions at once', async () => {
    const flight = createFreshFlight<number>();
    let reads = 0;
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        flight.run('a', async () => {
          await settled();
          reads += 1;
          return reads;
        }),
      ),
    );
    expect(reads).toBe(2);
    expect(new Set(answers)).toEqual(new Set([1, 2]));
  });

  it('keeps keys apart, and begins again after a failure', async () => {
    const flight = createFreshFlight<number>();
    const { ends, read } = heldReads();
    const failing = flight.run('a', read);
    const next = flight.run('a', read);
    const other = flight.run('b', read);
    expect(ends).toHaveLength(2);
    ends[0]?.(true);
    await expect(failing).rejects.toThrow('read 1');
    ends[1]?.();
    expect(await other).toBe(2);
    await settled();
    ends[2]?.();
    expect(await next).toBe(3);
    await settled();
    void flight.run('a', read);
    expect(ends).toHaveLength(4);
  });
});
